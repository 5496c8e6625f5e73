"""`sampan down`: stop all of it and leave nothing running."""

from __future__ import annotations

import os
import signal
import time

import click

from sampan.errors import ConfigError
from sampan.settings import Where, load
from sampan.supervisor.state import is_running, read_state

PATIENCE = 90.0  # seconds for every process to stop in its turn


@click.command()
@click.pass_obj
def command(where: Where) -> None:
    """Stop all of it and leave nothing running; what is stored stays for the next `sampan up`."""
    settings = load(**where)
    if not settings.home.exists():
        click.echo(f"nothing runs in {settings.home}")
        return
    state = read_state(settings.home)
    if is_running(settings.home) and state:
        os.kill(state["pid"], signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while is_running(settings.home):
            if time.monotonic() > deadline:
                raise ConfigError(f"the supervisor (pid {state['pid']}) does not stop; see {settings.home / 'logs'}")
            time.sleep(0.02)
        click.echo("stopped")
    else:
        click.echo(f"nothing runs in {settings.home}")
    if not (settings.home / "cluster.json").exists():
        return
    from sampan.options import cluster_options
    from sampan.supervisor import cluster

    plugins = cluster.load_plugins(settings)
    for complaint in cluster.clean_up(settings, plugins, cluster_options(settings)):
        click.echo(f"not cleaned up: {complaint}", err=True)
