"""`sampan plugins`: which plugins there are and how they are."""

from __future__ import annotations

import time
from pathlib import Path

import click

from sampan.errors import ConfigError
from sampan.fencing import books
from sampan.objects import tables
from sampan.plugins import Found, Plugins, suggest
from sampan.scaffold import KINDS, write
from sampan.settings import Where, load
from sampan.supervisor.cluster import load_plugins


@click.group()
def command() -> None:
    """List plugins, or begin one."""


@command.command("list")
@click.option("--wide", is_flag=True, help="The hooks of each as well.")
@click.pass_obj
def list_(where: Where, wide: bool) -> None:
    """Name every installed plugin, whether it is on, and what is wrong with it: at boot, and in the running cluster."""
    plugins, wrong = _state(where)
    rows = [("PLUGIN", "STATE", "FROM", "MODULE")]
    notes: list[list[str]] = [[]]
    for found in plugins.found:
        if not found.addon:
            rows.append((found.name, _word(found), _origin(found), found.module))
            hooks = [f"hooks: {', '.join(plugins.hooks_of(found.name)) or 'none'}"] if wide else []
            notes.append([*hooks, *([found.error] if found.error else []), *wrong.get(found.name, ())])
    widths = [max(len(row[column]) for row in rows) + 2 for column in range(3)]
    for row, below in zip(rows, notes, strict=True):
        click.echo("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) + row[3])
        for line in below:
            click.echo(f"    {line}")


@command.command("show")
@click.argument("name")
@click.pass_obj
def show(where: Where, name: str) -> None:
    """Say all that is known of one plugin or add-on."""
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
    for line in wrong.get(name, ()):
        click.echo(f"failure   {line}")


def _state(where: Where) -> tuple[Plugins, dict[str, list[str]]]:
    """The plugins as a process would load them now, and by name what they have done wrong in processes that run."""
    settings = load(**where)
    plugins = load_plugins(settings)
    wrong: dict[str, list[str]] = {}
    for each in sorted(books.read(settings.home / "run" / "plugins"), key=lambda each: (each.plugin, -each.at)):
        ago = tables.human_duration(time.time() - each.at)
        words = f"{each.hook}: {each.reason} {each.count} times, last {ago} ago: {each.last}"
        wrong.setdefault(each.plugin, []).append(words)
    return plugins, wrong


def _word(found: Found) -> str:
    return "failed" if found.error else "on" if found.enabled else "off"


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
