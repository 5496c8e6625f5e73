"""`sampan down`: stop the cluster and leave nothing running."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import click

from sampan.errors import ConfigError
from sampan_operate.supervisor import effective, inquiry, remains
from sampan_operate.supervisor.state import is_alive, is_running, read_state
from sampan_settings.settings import Where, home_of

STOP_TIMEOUT = 90.0  # seconds for all processes to stop, one order after the other


@click.command()
@click.pass_obj
def command(where: Where) -> None:
    """Stop the cluster and leave nothing running; stored objects stay for the next `sampan up`."""
    home = home_of(**where)
    if not home.exists():
        click.echo(f"nothing runs in {home}")
        return
    state = read_state(home)
    if is_running(home) and is_alive(state):
        _stop(home, state["pid"])
        click.echo("stopped")
    elif is_running(home):
        click.echo(
            "the supervisor was killed; ending what it left"
            if state
            else f"{home / 'run' / 'state.json'} is missing or damaged; ending what holds the lock of {home}"
        )
        if not remains.end(home, state):
            raise ConfigError(f"some of it does not stop; see {home / 'logs'}")
        click.echo("stopped")
    else:
        _refuse_parts(home)
        click.echo(f"nothing runs in {home}")
    if (home / "cluster.json").exists():
        _clean_up(home, where)


def _refuse_parts(home: Path) -> None:
    """Raises ConfigError if processes run that `sampan up` has not started: their resources must not be removed."""
    if parts := inquiry.parts(home):
        words = ", ".join(f"{name.removeprefix(inquiry.ALONE)} (pid {pid})" for name, pid in parts.items())
        raise ConfigError(f"processes run that `sampan up` has not started: {words}; stop them where they were started")


def _clean_up(home: Path, where: Where) -> None:
    """Clean up with the settings that the cluster ran with, not those of the configuration file."""
    from sampan_operate.supervisor import cluster
    from sampan_settings.options import cluster_options

    for settings in effective.to_clean_up(home, read_state(home), where):
        try:
            plugins = cluster.load_plugins(settings)
            options = cluster_options(settings, plugins)
        except ConfigError as error:
            click.echo(f"cannot clean up by these settings, trying others: {error}", err=True)
            continue
        for complaint in cluster.clean_up(settings, plugins, options):
            click.echo(f"not cleaned up: {complaint}", err=True)
        return


def _stop(home: Path, pid: int) -> None:
    """Stop the supervisor and wait for it; raises ConfigError."""
    with contextlib.suppress(ProcessLookupError):  # it has just ended
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT + float(read_state(home).get("stop_seconds") or 0)
    while is_running(home):
        if time.monotonic() > deadline:
            raise ConfigError(f"the supervisor (pid {pid}) does not stop; see {home / 'logs'}")
        time.sleep(0.02)
