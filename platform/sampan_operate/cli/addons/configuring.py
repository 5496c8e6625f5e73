"""`sampan addons configure`: show an add-on's settings, or change them and restart it."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import json
import textwrap
from typing import Any

import click
import msgspec

from sampan.errors import ConfigError
from sampan_operate.cli.addons.assignments import parse
from sampan_operate.cli.addons.states import check_installed, load_addons
from sampan_operate.cli.addons.switching import check_file, take_up, wait_option
from sampan_operate.cli.configuration import change
from sampan_operate.supervisor.alone import load_addon
from sampan_server.plugins.plugins import suggest
from sampan_settings.settings import Where, load


@click.command("configure")
@click.argument("name")
@click.argument("words", nargs=-1, metavar="[KEY=VALUE | KEY-]...")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: schema and values.")
@wait_option
@click.pass_obj
def configure_command(where: Where, name: str, words: tuple[str, ...], output: str, wait: float) -> None:
    """Show an add-on's settings, or change them: KEY=VALUE (in YAML) sets one, KEY- resets it to its default.

    A running cluster restarts only that add-on.
    """
    if words and output == "json":
        raise ConfigError("-o json is for showing the settings")
    settings = load(**where)
    check_installed(load_addons(settings), name)
    section = dict(settings.plugins.get(name, {}))
    if not words:
        if output == "json":
            click.echo(json.dumps(described(name, section), indent=2))
        else:
            _show(name, section)
        return
    fresh, unset = _checked(name, section, words)
    if fresh == section:
        click.echo(f"{name} is set so already")
        return
    check_file(settings, where)
    wanted = {key: value for key, value in fresh.items() if key not in section or section[key] != value}
    settings = change(
        settings, {"plugins": {name: wanted}} if wanted else {}, unset=[("plugins", name, key) for key in unset],
        config=where["config"],
    )  # fmt: skip
    click.echo(f"{name} is configured")
    if name in settings.addons:
        take_up(settings, name, wait)
    else:
        click.echo("  it is not enabled")


def _checked(name: str, section: dict[str, Any], words: tuple[str, ...]) -> tuple[dict[str, Any], list[str]]:
    """The new section and the keys to remove; checked against the add-on's settings record. Raises ConfigError."""
    wanted, unset = parse(words)
    known = {field.name for field in fields(name)}
    for key in unset:
        if key not in known:
            raise ConfigError(f"plugins.{name}.{key} is not a setting{suggest(key, known)}")
    fresh = {key: value for key, value in {**section, **wanted}.items() if key not in unset}
    load_addon(name, fresh)
    return fresh, [key for key in unset if key in section]


def _show(name: str, section: dict[str, Any]) -> None:
    """Print every setting with its value, its default and its description."""
    found = fields(name)
    if not found:
        click.echo(f"{name} has no settings")
        return
    words = sentences(_record(name))
    values = load_addon(name, section).settings_of(name)
    for field in found:
        value = getattr(values, field.name)
        default = "default" if value == _default(field) else f"default {_shown(_default(field))}"
        click.echo(f"{field.name} = {_shown(value)}  ({default})")
        click.echo(textwrap.indent(textwrap.fill(words.get(field.name, ""), 110), "    "))


def described(name: str, section: dict[str, Any]) -> dict[str, Any]:
    """The settings for programs: ``schema`` is a JSON schema with descriptions and defaults, ``values`` are those in
    force, ``set`` the keys that sampan.yaml has."""
    record = _record(name)
    if record is None:
        return {"name": name, "schema": {"type": "object", "properties": {}}, "values": {}, "set": []}
    found = msgspec.json.schema(record)
    definitions = found.pop("$defs", {})
    schema = definitions.pop(found["$ref"].rpartition("/")[2])
    for key, words in sentences(record).items():
        if key in schema["properties"]:
            schema["properties"][key]["description"] = words
    if definitions:
        schema["$defs"] = definitions
    values = msgspec.to_builtins(load_addon(name, section).settings_of(name))
    return {"name": name, "schema": schema, "values": values, "set": sorted(section)}


def _record(name: str) -> type | None:
    values = load_addon(name, {}).settings_of(name)
    return type(values) if values is not None else None


def fields(name: str) -> list[dataclasses.Field[Any]]:
    record = _record(name)
    return list(dataclasses.fields(record)) if record is not None else []


def sentences(record: type | None) -> dict[str, str]:
    """The description under each field of a settings record; {} if its source is not available."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(record))) if record is not None else None
    except (OSError, TypeError, SyntaxError):
        return {}
    found: dict[str, str] = {}
    body = tree.body[0].body if tree is not None and isinstance(tree.body[0], ast.ClassDef) else []
    for before, node in itertools.pairwise(body):
        if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name) and (text := _text(node)):
            found[before.target.id] = " ".join(text.split())
    return found


def _text(node: ast.stmt) -> str:
    value = node.value.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) else ""
    return value if isinstance(value, str) else ""


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default


def _shown(value: Any) -> str:
    """The value as it is written after the ``=``."""
    import yaml

    plain = list(value) if isinstance(value, tuple) else value
    return yaml.safe_dump(plain, default_flow_style=True, width=1000).removesuffix("...\n").strip()
