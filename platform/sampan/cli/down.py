"""`sampan down`: stop all of it and leave nothing running."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import click

from sampan.errors import ConfigError
from sampan.settings import Where, load
from sampan.supervisor import remains
from sampan.supervisor.state import is_alive, is_running, read_state

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
    if is_running(settings.home) and is_alive(state):
        _stop(settings.home, state["pid"])
        click.echo("stopped")
    elif is_running(settings.home):
        click.echo("the supervisor was killed; ending what it left")
        if not remains.end(settings.home, state):
            raise ConfigError(f"some of it does not stop; see {settings.home / 'logs'}")
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


def _stop(home: Path, pid: int) -> None:
    """Tell the supervisor to stop and wait until it has; raises ConfigError."""
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while is_running(home):
        if time.monotonic() > deadline:
            raise ConfigError(f"the supervisor (pid {pid}) does not stop; see {home / 'logs'}")
        time.sleep(0.02)
