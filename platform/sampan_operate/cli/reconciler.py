"""`sampan reconciler`: the reconciler alone, in the foreground; several may run, one of them is the leader."""

from __future__ import annotations

import click

from sampan_operate.cli import run
from sampan_settings.settings import Where


@click.command()
@run.kubeconfig_option
@click.pass_obj
def command(where: Where, kubeconfig: str) -> None:
    """Run the reconciler alone, as a client of an API server; of several, one leads and the others stand by."""
    run.run(where, run.named("reconciler"), kubeconfig)
