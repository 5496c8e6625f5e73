"""`sampan addons enable` and `disable`: on a running cluster at once, else from its next start."""

from __future__ import annotations

import os
import signal
import time

import click

from sampan.errors import ConfigError, StatusError
from sampan_operate.cli.addons.states import RUNS, STEP, check_installed, load_addons, started
from sampan_operate.cli.configuration import change, path_of
from sampan_operate.supervisor.state import is_alive, is_running, live_state, read_state
from sampan_settings.settings import Settings, Where, load

SECONDS = 120.0  # that an add-on has to report its state, and to stop
RELOAD = 180.0  # that the supervisor has to stop and start processes

wait_option = click.option(
    "--wait",
    default=SECONDS,
    metavar="SECONDS",
    show_default=True,
    help="How long to wait for its state; 0: not at all.",
)


@click.command("enable")
@click.argument("name")
@wait_option
@click.pass_obj
def enable_command(where: Where, name: str, wait: float) -> None:
    """Enable an add-on; a running cluster starts it at once. Exits with 1 if it is not ready in time."""
    settings = load(**where)
    check_installed(load_addons(settings), name)
    check_file(settings, where)
    settings = change(settings, {"addons": list(dict.fromkeys([*settings.addons, name]))}, config=where["config"])
    found = check_installed(load_addons(settings), name)
    if found.error:
        raise ConfigError(f"{name} is enabled, but it cannot be loaded: {found.error}")
    if found.lacks:
        raise ConfigError(f"{name} is enabled, but it {found.lacks}")
    click.echo(f"{name} is enabled")
    take_up(settings, name, wait)


@click.command("disable")
@click.argument("name")
@click.pass_obj
def disable_command(where: Where, name: str) -> None:
    """Disable an add-on; a running cluster stops it at once and removes what it shipped, except edited objects."""
    settings = load(**where)
    found = check_installed(load_addons(settings), name)
    check_file(settings, where)
    settings = change(
        settings, {"addons": [addon for addon in settings.addons if addon != name]}, config=where["config"]
    )
    click.echo(f"{name} is disabled")
    if not tell_supervisor(settings):
        click.echo("  what it shipped stays in the cluster; disable it once more while it runs to remove that")
        return
    take_back(settings, name, found.version)


def check_file(settings: Settings, where: Where) -> None:
    """Raises ConfigError if the running cluster reads another file than the one to be changed."""
    state, file = live_state(settings.home), path_of(settings, where["config"]).absolute()
    if state.get("config", str(file)) != str(file):
        raise ConfigError(f"the running cluster reads {state['config']}, not {file}; name it with --config")


def take_back(settings: Settings, name: str, version: str) -> None:
    """Remove what the add-on shipped and print the result."""
    from sampan_client import Client
    from sampan_shipping import Shipment

    client = Client.from_kubeconfig(str(settings.home / "kubeconfig"), user_agent="sampan-addons")
    try:
        for outcome in Shipment(client, name, version, ()).remove():
            click.echo(f"  {outcome}")
    except (StatusError, ConnectionError) as error:
        raise ConfigError(f"what {name} shipped could not be removed: {error}") from error
    finally:
        client.close()


def take_up(settings: Settings, name: str, seconds: float) -> None:
    """Make a running cluster reload its settings, and print the add-on's state. Exits with 1 if it is not ready."""
    if not tell_supervisor(settings) or not seconds:
        return
    state = started(settings, name, seconds)
    click.echo(f"  {name} {state.state}{f': {state.words}' if state.words else ''}")
    if state.state != RUNS:
        raise SystemExit(1)


def tell_supervisor(settings: Settings) -> bool:
    """Make the supervisor reload its settings and wait for it. Returns False if no cluster runs. Raises ConfigError."""
    if not is_running(settings.home):
        click.echo("  it counts from the next `sampan up`")
        return False
    before = read_state(settings.home)
    if not is_alive(before):
        raise ConfigError(f"the supervisor in {settings.home} does not answer; see `sampan status`")
    os.kill(before["pid"], signal.SIGHUP)
    deadline = time.monotonic() + RELOAD
    while (state := read_state(settings.home)).get("reloads", 0) <= before.get("reloads", 0):
        if time.monotonic() > deadline or not is_running(settings.home):
            raise ConfigError(f"the supervisor does not take it up; see {settings.home / 'logs'}")
        time.sleep(STEP)
    if state["complaint"]:
        raise ConfigError(f"the running cluster stays as it was: {state['complaint']}")
    return True
