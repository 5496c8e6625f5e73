"""`sampan apiserver`: the API server alone, in the foreground, under gunicorn."""

from __future__ import annotations

import click

from sampan_operate.cli.logging_setup import set_up
from sampan_settings.settings import Where, load


@click.command()
@click.pass_obj
def command(where: Where) -> None:
    """Run the API server alone."""
    from sampan_operate.supervisor import cluster, effective
    from sampan_operate.supervisor.gateway import serve_api
    from sampan_operate.supervisor.launch import require_own
    from sampan_operate.supervisor.state import live_state

    set_up()
    settings = load(**where)
    require_own(settings)
    if state := live_state(settings.home):
        effective.refuse_others(state, settings)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    plugins = cluster.load_plugins(settings)
    plugins.require()
    options, _ = cluster.prepare(settings, plugins)
    serve_api(settings, plugins, options)
