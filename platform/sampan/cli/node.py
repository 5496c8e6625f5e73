"""`sampan node`: what every node runs (its agent and its service proxy), in the foreground."""

from __future__ import annotations

import click

from sampan.cli import run
from sampan.settings import Where


@click.command()
@run.kubeconfig_option
@click.pass_obj
def command(where: Where, kubeconfig: str) -> None:
    """Run this machine's node: its agent and its service proxy, as clients of an API server."""
    run.run(where, lambda known: [one for one in known.values() if one.process == "node"], kubeconfig)
