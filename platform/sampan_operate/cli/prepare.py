"""`sampan prepare`: create all files that an API server needs, to run it under your own WSGI server."""

from __future__ import annotations

import click

from sampan_operate.cli.logging_setup import set_up
from sampan_settings.settings import Where


@click.command()
@click.pass_obj
def command(where: Where) -> None:
    """Create keys, certificates and kubeconfigs, renew those that expire soon, and start nothing."""
    from sampan_operate.supervisor import cluster
    from sampan_operate.supervisor.launch import settings_of_own

    set_up()
    settings = settings_of_own(where)
    cluster.prepare(settings, cluster.load_plugins(settings))
    click.echo(f"{settings.home} is ready for an API server at {settings.server_url}")
