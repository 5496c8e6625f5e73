"""`sampan addons list`: every installed add-on and its state."""

from __future__ import annotations

import json

import click

from sampan_operate.cli.addons.states import AddonState, states
from sampan_settings.settings import Where, load

COLUMNS = f"{'NAME':14}{'ENABLED':10}{'STATE':16}{'VERSION':12}SAYS"


@click.command("list")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", help="As a table, or as JSON.")
@click.pass_obj
def list_command(where: Where, output: str) -> None:
    """List every installed add-on: whether it is enabled, its state, its version and its last message."""
    found = states(load(**where))
    if output == "json":
        click.echo(json.dumps([state.to_dict() for state in found], indent=2))
        return
    click.echo(COLUMNS)
    for state in found:
        click.echo(row(state))


def row(state: AddonState) -> str:
    enabled = "yes" if state.enabled else "no"
    return f"{state.name:14}{enabled:10}{state.state:16}{state.version:12}{state.words}".rstrip()
