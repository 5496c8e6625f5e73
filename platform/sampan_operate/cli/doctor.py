"""`sampan doctor`: what is wrong with this machine, in words, and the way out.

Where a cluster runs, that is looked at, and never what its configuration file says.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click

from sampan.contracts.checks import CheckContext
from sampan.errors import ConfigError, SampanError, StatusError
from sampan_client import Client
from sampan_operate.cli import failures
from sampan_operate.cli.up import complaints_of
from sampan_operate.supervisor import effective, inquiry
from sampan_operate.supervisor.state import is_alive, is_running, live_state
from sampan_server.plugins.asking import HooksOf
from sampan_settings import reservations
from sampan_settings.options import endpoint_address, reservation
from sampan_settings.settings import Settings, Where, home_of, load

PAGE = 2000  # objects


@click.command()
@click.pass_obj
def command(where: Where) -> None:
    """Say what is wrong with this machine, in words. Exit code 1 when something prevents a cluster."""
    home = home_of(**where)
    bad = False
    for grade, text in findings(home, live_state(home), where):
        bad = bad or grade == "bad"
        click.echo(f"{grade:5} {text}")
    if bad:
        raise SystemExit(1)


def findings(home: Path, state: Mapping[str, Any], where: Where) -> Iterator[tuple[str, str]]:
    """(ok | note | bad, sentence) for each thing looked at. ``state`` is that of a cluster that runs, or {}."""
    yield ("ok", f"Python {sys.version.split()[0]}")
    yield from _home(home)
    yield from _keys(home)
    configured: Settings | None = None
    try:
        configured = load(**where)
    except ConfigError as error:
        yield ("note" if state else "bad", str(error))
    yield from _plugins(configured or Settings(home=home), home)
    running, starting = effective.recorded(state), False
    if running is not None:
        yield from _running(home, state, running)
        if configured is not None:
            for line in effective.differences(running, configured):
                yield ("note", f"{line} as the configuration file says; that counts from the next start")
    elif state:
        yield ("ok", f"a cluster runs in {home}")
    elif parts := list(_parts(home)):
        yield from parts
    elif home.exists() and is_running(home):
        yield ("note", f"the supervisor in {home} starts, or was killed; see `sampan status`")
    elif configured is not None:
        yield from _before_start(configured)
        yield from _store(configured)
        starting = True
    yield from _contributed(running or configured or Settings(home=home), starting=starting)
    yield from _leftovers(home)


def _home(home: Path) -> Iterator[tuple[str, str]]:
    probe: Path = home
    while not probe.exists():
        probe = probe.parent
    if not os.access(probe, os.W_OK):
        yield ("bad", f"{home} cannot be written; choose another with --home")
        return
    free = shutil.disk_usage(probe).free
    grade = "ok" if free > 1 << 30 else "bad"
    yield (grade, f"home {home} with {free / 1e9:.1f} GB free")


def _keys(home: Path) -> Iterator[tuple[str, str]]:
    """Whether a cluster runs or not: what runs has read its keys, and would not start again with damaged ones."""
    from sampan_pki import examining

    directory = home / "pki"
    if not directory.is_dir():
        return
    found = list(examining.damages(directory))
    yield from (("note" if damage.heals else "bad", damage.sentence) for damage in found)
    if all(damage.heals for damage in found):
        yield ("ok", f"the keys of {directory} are sound")


def _plugins(settings: Settings, home: Path) -> Iterator[tuple[str, str]]:
    from sampan_operate.supervisor.cluster import load_plugins

    try:
        plugins = load_plugins(settings)
    except ConfigError as error:
        yield ("bad", str(error))
        return
    left_out = plugins.left_out()
    all_load = "every plugin loads" if not left_out else "every other plugin loads"
    yield from failures.found_now(plugins.not_loaded()) or [("ok", all_load)]
    yield from (("note", sentence) for sentence in failures.left_out(left_out))
    for failure in failures.recorded(home):
        yield ("bad", f"in the running cluster {failure}")


def _store(settings: Settings) -> Iterator[tuple[str, str]]:
    """Opened and read from its beginning to its end, as a start would."""
    from sampan_operate.supervisor.cluster import load_plugins

    if not settings.store and not any(settings.home.glob("store.db*")):
        return
    where = effective.without_password(settings.store_url)
    try:
        plugins = load_plugins(settings)
        store = plugins.first("provide_store", url=settings.store_url, history=settings.history_seconds)
        if store is None:
            reasons = [f"no plugin opens the store {where}", *failures.left_out(plugins.left_out("provide_store"))]
            yield ("bad", "; ".join(reasons))
            return
        count, page = 0, store.page("/", limit=PAGE)
        count += len(page.entries)
        while page.more:
            page = store.page("/", after=page.entries[-1].key, limit=PAGE, revision=page.revision)
            count += len(page.entries)
        trouble = getattr(store, "trouble", "")
        store.close()
    except SampanError as error:
        yield ("bad", str(error))
        return
    yield ("bad", trouble) if trouble else ("ok", f"the store {where} is sound: {count} objects")


def _running(home: Path, state: Mapping[str, Any], running: Settings) -> Iterator[tuple[str, str]]:
    if inquiry.api_answers(home / "kubeconfig", running.server_url):
        yield ("ok", f"a cluster runs in {home} and answers at {running.server_url}")
        client = Client.from_kubeconfig(str(home / "kubeconfig"), server=running.server_url)
        yield from (("bad", f"the API server is not ready: {complaint}") for complaint in complaints_of(client))
        client.close()
        yield from _unserved(running)
    else:
        yield ("bad", f"a cluster runs in {home}, but its API server does not answer at {running.server_url}")
    for process in state["processes"]:
        said = inquiry.components(home, process["name"]) if is_alive(process) else {}
        if process["name"] != "apiserver":
            yield from _components(said)


def _components(said: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for name, each in said.items():
        if each["state"] == "failing":
            yield ("bad", f"{name} is failing: {each['words']}")
        elif name == "node" and each["words"]:
            yield ("ok", each["words"])  # which runtime its pods have


def _parts(home: Path) -> Iterator[tuple[str, str]]:
    """Processes of a cluster that were not started by `sampan up`."""
    if inquiry.api_answers(home / "kubeconfig"):
        yield ("ok", f"the API server of {home} runs, not started by `sampan up`")
    for name, pid in inquiry.parts(home).items():
        yield ("ok", f"{name.removeprefix(inquiry.ALONE)} runs (pid {pid}), not started by `sampan up`")
        yield from _components(inquiry.components(home, name))


def _unserved(settings: Settings) -> Iterator[tuple[str, str]]:
    """Stored objects of kinds that the running cluster does not serve. A single-process store cannot be checked."""
    from sampan_client.discovery import discover
    from sampan_operate.cli.unserved import unserved
    from sampan_operate.supervisor.cluster import load_plugins

    try:
        client = Client.from_kubeconfig(
            str(settings.home / "kubeconfig"), server=settings.server_url, user_agent="sampan-doctor"
        )
        served = {each.resource.group_resource for each in discover(client)}
    except (StatusError, OSError) as error:
        yield ("note", f"the API server does not say what it serves ({error}): stored kinds are not looked at")
        return
    store = load_plugins(settings).first("provide_store", url=settings.store_url, history=settings.history_seconds)
    if store is None:
        return
    try:
        if getattr(store, "shared", True):
            for name, count in unserved(store, served):
                objects = "1 object is" if count == 1 else f"{count} objects are"
                yield (
                    "note",
                    f"{objects} stored of {name}, which is not served; with its plugin they come back",
                )
    finally:
        store.close()


def _before_start(settings: Settings) -> Iterator[tuple[str, str]]:
    """Checks for a start with these settings."""
    from sampan_operate.supervisor.cluster import load_plugins

    try:
        endpoint = endpoint_address(settings, load_plugins(settings))
    except ConfigError:  # reported by ``_plugins``
        endpoint = settings.api.host
    for host in dict.fromkeys((settings.api.host, endpoint)):
        yield _port(host, settings.api.port)
    if settings.node.enabled:
        wanted = reservation(settings.home, settings.network.service_cidr, settings.network.node_ports)
        yield from (("bad", conflict) for conflict in reservations.conflicts(wanted))


def _port(host: str, port: int) -> tuple[str, str]:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return ("bad", f"{host}:{port} cannot be listened on ({error}); set api.port or --port")
    return ("ok", f"{host}:{port} is free")


def _contributed(settings: Settings, *, starting: bool) -> Iterator[tuple[str, str]]:
    """What plugins find."""
    from sampan_operate.supervisor.cluster import load_plugins
    from sampan_settings.options import node_name, proposed

    try:
        plugins = load_plugins(settings)
    except ConfigError:  # said by ``_plugins``
        return
    name = ""
    try:
        name = node_name(settings) if settings.node.enabled else ""
    except ConfigError as error:
        yield ("bad", str(error))
    options = dataclasses.replace(proposed(settings), node_name=name)
    hooks = HooksOf(plugins, None, home=str(settings.home), options=options)

    def context(name: str) -> CheckContext:
        return CheckContext(settings=plugins.settings_of(name), options=options, starting=starting, hooks=hooks)

    for _, found in plugins.ask("contribute_checks", context):
        yield from found


def _leftovers(home: Path) -> Iterator[tuple[str, str]]:
    """What is on this machine of clusters whose home is not there any more: nothing else will remove it.

    Every installed plugin is asked, disabled or not.
    """
    from sampan_server.plugins.plugins import ADDON_GROUP, Plugins

    running = {each.home_id for each in reservations.held()} | {reservations.home_id(home)}
    plugins = Plugins(addons={point.name for point in entry_points(group=ADDON_GROUP)})
    for _, found in plugins.ask("contribute_leftovers"):
        for each in found:
            place = each.home or reservations.home_of(each.home_id)
            if each.home_id in running or (place and Path(place).exists()):
                continue
            whose = f"of the home at {place}, which is gone" if place else "of a home that is not known here"
            yield ("note", f"left on this machine: {each.what}, {whose}; `{each.remove}` removes it")
