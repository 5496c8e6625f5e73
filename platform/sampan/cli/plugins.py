"""`sampan plugins`: which plugins there are and how they are."""

from __future__ import annotations

from pathlib import Path

import click

from sampan.scaffold import KINDS, write
from sampan.settings import Where, load
from sampan.supervisor.cluster import load_plugins


@click.group()
def command() -> None:
    """List plugins, or begin one."""


@command.command("list")
@click.pass_obj
def list_(where: Where) -> None:
    """Name every installed plugin, whether it is on, and what is wrong with it."""
    found = load_plugins(load(**where)).found
    click.echo(f"{'PLUGIN':14}{'STATE':10}{'FROM':28}MODULE")
    for plugin in found:
        if plugin.addon:
            continue
        state = "failed" if plugin.error else "on" if plugin.enabled else "off"
        click.echo(f"{plugin.name:14}{state:10}{plugin.distribution + ' ' + plugin.version:28}{plugin.module}")
        if plugin.error:
            click.echo(f"    {plugin.error}")


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
