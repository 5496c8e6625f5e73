"""`sampan plugins`: which plugins there are and how they are."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from sampan.errors import ConfigError
from sampan_isolation import failure_log
from sampan_machinery import tables
from sampan_operate.scaffold import KINDS, write
from sampan_operate.supervisor.cluster import load_plugins
from sampan_operate.supervisor.state import is_running, read_loaded
from sampan_server.plugins.plugins import Found, Plugins, suggest
from sampan_settings.settings import Where, load


@click.group()
def command() -> None:
    """List plugins, or begin one."""


@command.command("list")
@click.option("--wide", is_flag=True, help="The hooks of each as well.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", help="As a table, or as JSON.")
@click.pass_obj
def list_(where: Where, wide: bool, output: str) -> None:
    """Name every plugin of the running cluster, whether it is on, and what is wrong with it; where none runs, those of
    the next start. What the next start changes is said too."""
    plugins, wrong = _state(where)
    if output == "json":
        click.echo(json.dumps(list(_records(where, plugins, wrong)), indent=2))
        return
    rows = [("PLUGIN", "STATE", "FROM", "MODULE")]
    notes: list[list[str]] = [[]]
    for found, change in now_and_next(_running(where), plugins.found):
        if not found.addon:
            rows.append((found.name, _word(found), _origin(found), found.module))
            hooks = [f"hooks: {', '.join(plugins.hooks_of(found.name)) or 'none'}"] if wide else []
            notes.append([*filter(None, [*hooks, change, found.error, found.lacks]), *wrong.get(found.name, ())])
    widths = [max(len(row[column]) for row in rows) + 2 for column in range(3)]
    for row, below in zip(rows, notes, strict=True):
        click.echo("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) + row[3])
        for line in below:
            click.echo(f"    {line}")


def _records(where: Where, plugins: Plugins, wrong: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    for found, change in now_and_next(_running(where), plugins.found):
        if not found.addon:
            yield {
                "name": found.name, "state": _word(found), "from": _origin(found), "module": found.module,
                "hooks": plugins.hooks_of(found.name), "change": change, "error": found.error or found.lacks,
                "failures": wrong.get(found.name, []),
            }  # fmt: skip


def _running(where: Where) -> list[Found]:
    """The plugins that the running cluster has loaded; [] where none runs."""
    home = load(**where).home
    return [Found(**each) for each in read_loaded(home)] if home.exists() and is_running(home) else []


def now_and_next(running: list[Found], coming: list[Found]) -> Iterator[tuple[Found, str]]:
    """Each plugin as it is now, and what the next start makes of it ("" when nothing else). ``running`` [] means that
    only the next start is known."""
    now = {each.name: each for each in running or coming}
    then = {each.name: each for each in coming}
    for name in sorted(now | then):
        if name not in now:
            absent = dataclasses.replace(then[name], enabled=False, error="", lacks="")
            yield absent, f"{_word(then[name])} at the next start"
        elif name not in then:
            yield now[name], "no longer installed: gone at the next start"
        else:
            change = "" if _facts(now[name]) == _facts(then[name]) else f"{_word(then[name])} at the next start"
            yield now[name], change and f"{change} ({_origin(then[name])})"


def _facts(found: Found) -> tuple[str, str]:
    return _word(found), _origin(found)


@command.command("show")
@click.argument("name")
@click.pass_obj
def show(where: Where, name: str) -> None:
    """Show everything known about one plugin or add-on."""
    plugins, wrong = _state(where)
    known = {found.name: found for found in plugins.found}
    if name not in known:
        raise ConfigError(f"no plugin or add-on is called {name!r}{suggest(name, known)}")
    found = known[name]
    click.echo(f"name      {found.name}{' (add-on)' if found.addon else ''}")
    click.echo(f"state     {_word(found)}")
    click.echo(f"from      {_origin(found)}")
    click.echo(f"module    {found.module}")
    click.echo(f"hooks     {', '.join(plugins.hooks_of(name)) or 'none'}")
    click.echo(f"settings  {plugins.settings_of(name) or 'none'}")
    if found.error:
        click.echo(f"error     {found.error}")
    if found.lacks:
        click.echo(f"left out  {found.lacks}")
    for line in wrong.get(name, ()):
        click.echo(f"failure   {line}")


def _state(where: Where) -> tuple[Plugins, dict[str, list[str]]]:
    """The plugins as a process would load them now, and by name what they have done wrong in processes that run."""
    settings = load(**where)
    plugins = load_plugins(settings)
    wrong: dict[str, list[str]] = {}
    for each in sorted(failure_log.read(settings.home / "run" / "plugins"), key=lambda each: (each.plugin, -each.at)):
        ago = tables.human_duration(time.time() - each.at)
        words = f"{each.hook}: {each.reason} {each.count} times, last {ago} ago: {each.last}"
        wrong.setdefault(each.plugin, []).append(words)
    return plugins, wrong


def _word(found: Found) -> str:
    if found.error or found.lacks:
        return "failed" if found.error else "unavailable"
    return "on" if found.enabled else "off"


def _origin(found: Found) -> str:
    return f"{found.distribution} {found.version}".strip() or "here"


@command.command("new")
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice(list(KINDS)), help="What it shall be.")
@click.option("--into", default=".", metavar="DIR", help="Where its folder is made (here).")
def new(name: str, kind: str, into: str) -> None:
    """Write a package for a plugin of your own, with a test that passes."""
    place = Path(into) / name
    for path in write(name, kind, Path(into)):
        click.echo(f"  {path}")
    click.echo(f"\ncd {place} && pip install -e '.[dev]' && pytest")
