"""`sampan addons`: list, enable and disable add-ons, on a running cluster too."""

from __future__ import annotations

import os
import signal

import click

from sampan.cli.configuration import change
from sampan.errors import ConfigError
from sampan.plugins import suggest
from sampan.settings import Settings, Where, load
from sampan.supervisor.cluster import load_plugins
from sampan.supervisor.state import is_running, read_state


@click.group()
def command() -> None:
    """List, enable and disable add-ons."""


@command.command("list")
@click.pass_obj
def list_(where: Where) -> None:
    """Name every installed add-on, whether it is enabled, and whether it runs."""
    settings = load(**where)
    running = _running_components(settings)
    click.echo(f"{'ADD-ON':14}{'ENABLED':10}{'RUNS':8}FROM")
    for addon in load_plugins(settings).found:
        if addon.addon:
            runs = "yes" if addon.name in running else "no"
            click.echo(
                f"{addon.name:14}{'yes' if addon.enabled else 'no':10}{runs:8}{addon.distribution} {addon.version}"
            )
            if addon.error:
                click.echo(f"    {addon.error}")


@command.command()
@click.argument("name")
@click.pass_obj
def enable(where: Where, name: str) -> None:
    """Enable an add-on; a running cluster starts it at once."""
    settings = load(**where)
    _check(settings, name)
    _apply(
        settings,
        [*settings.addons, name] if name not in settings.addons else list(settings.addons),
        f"{name} is enabled",
    )


@command.command()
@click.argument("name")
@click.pass_obj
def disable(where: Where, name: str) -> None:
    """Disable an add-on; a running cluster stops it at once."""
    settings = load(**where)
    _check(settings, name)
    _apply(settings, [addon for addon in settings.addons if addon != name], f"{name} is disabled")


def _check(settings: Settings, name: str) -> None:
    known = [found.name for found in load_plugins(settings).found if found.addon]
    if name not in known:
        raise ConfigError(f"no add-on is called {name!r}{suggest(name, known)}")


def _apply(settings: Settings, addons: list[str], said: str) -> None:
    change(settings, {"addons": addons})
    if is_running(settings.home):
        os.kill(read_state(settings.home)["pid"], signal.SIGHUP)
        click.echo(f"{said}; the running cluster takes it up now")
    else:
        click.echo(f"{said}; it counts from the next `sampan up`")


def _running_components(settings: Settings) -> set[str]:
    if not settings.home.exists() or not is_running(settings.home):
        return set()
    return {name for p in read_state(settings.home).get("processes", ()) if p["pid"] for name in p["components"]}
