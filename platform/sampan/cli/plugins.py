"""`sampan plugins`: which plugins there are and how they are."""

from __future__ import annotations

import click

from sampan.settings import Where, load
from sampan.supervisor.cluster import load_plugins


@click.group()
def command() -> None:
    """List plugins."""


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
