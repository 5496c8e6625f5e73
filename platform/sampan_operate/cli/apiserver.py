"""`sampan apiserver`: the API server alone, in the foreground, under gunicorn."""

from __future__ import annotations

import click

from sampan_operate.cli.logging_setup import set_up
from sampan_settings.settings import Where


@click.command()
@click.pass_obj
def command(where: Where) -> None:
    """Run the API server alone."""
    from sampan_operate.supervisor import cluster
    from sampan_operate.supervisor.gateway import serve_api
    from sampan_operate.supervisor.launch import settings_of_own

    set_up()
    settings = settings_of_own(where)
    plugins = cluster.load_plugins(settings)
    plugins.require()
    options, _ = cluster.prepare(settings, plugins)
    serve_api(settings, plugins, options)
