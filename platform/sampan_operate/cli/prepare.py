"""`sampan prepare`: everything on disk that an API server needs before one starts under a server of yours."""

from __future__ import annotations

import click

from sampan_operate.cli.logging_setup import set_up
from sampan_settings.settings import Where, load


@click.command()
@click.pass_obj
def command(where: Where) -> None:
    """Make keys, certificates and kubeconfigs, renew those near their end, and start nothing."""
    from sampan_operate.supervisor import cluster, effective
    from sampan_operate.supervisor.state import live_state

    set_up()
    settings = load(**where)
    if state := live_state(settings.home):
        effective.refuse_others(state, settings)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    cluster.prepare(settings, cluster.load_plugins(settings))
    click.echo(f"{settings.home} is ready for an API server at {settings.server_url}")
