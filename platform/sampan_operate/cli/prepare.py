"""`sampan prepare`: create all files that an API server needs, to run it under your own WSGI server."""

from __future__ import annotations

import click

from sampan_operate.cli.logging_setup import set_up
from sampan_settings.settings import Where, load


@click.command()
@click.pass_obj
def command(where: Where) -> None:
    """Create keys, certificates and kubeconfigs, renew those that expire soon, and start nothing."""
    from sampan_operate.supervisor import cluster, effective
    from sampan_operate.supervisor.launch import require_own
    from sampan_operate.supervisor.state import live_state

    set_up()
    settings = load(**where)
    require_own(settings)
    if state := live_state(settings.home):
        effective.refuse_others(state, settings)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    cluster.prepare(settings, cluster.load_plugins(settings))
    click.echo(f"{settings.home} is ready for an API server at {settings.server_url}")
