"""`sampan doctor`: what is wrong with this machine, in words, and the way out."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from sampan.errors import StatusError
from sampan.options import may_use_nftables
from sampan.settings import Settings, Where, load
from sampan.supervisor.state import is_running


@click.command()
@click.pass_obj
def command(where: Where) -> None:
    """Say what is wrong with this machine, in words. Exit code 1 when something prevents a cluster."""
    settings = load(**where)
    bad = False
    for grade, text in findings(settings):
        bad = bad or grade == "bad"
        click.echo(f"{grade:5} {text}")
    if bad:
        raise SystemExit(1)


def findings(settings: Settings) -> Iterator[tuple[str, str]]:
    """(ok | note | bad, sentence) for each thing looked at."""
    yield ("ok", f"Python {sys.version.split()[0]}")
    yield from _home(settings)
    yield from _port(settings)
    yield from _docker()
    if may_use_nftables():
        yield ("ok", "nftables may be used: Services get routed cluster addresses")
    else:
        why = (
            "the nft command is missing (Debian: apt-get install nftables)" if os.geteuid() == 0 else "this is not root"
        )
        yield ("note", f"nftables may not be used ({why}): Services get loopback addresses and a forwarder")
    if settings.home.exists() and is_running(settings.home):
        yield from _unserved(settings)


def _home(settings: Settings) -> Iterator[tuple[str, str]]:
    probe: Path = settings.home
    while not probe.exists():
        probe = probe.parent
    if not os.access(probe, os.W_OK):
        yield ("bad", f"{settings.home} cannot be written; choose another with --home")
        return
    free = shutil.disk_usage(probe).free
    grade = "ok" if free > 1 << 30 else "bad"
    yield (grade, f"home {settings.home} with {free / 1e9:.1f} GB free")


def _port(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.home.exists() and is_running(settings.home):
        yield ("ok", f"a cluster runs in {settings.home}")
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.api.host, settings.api.port))
        except OSError as error:
            yield (
                "bad",
                f"{settings.api.host}:{settings.api.port} cannot be listened on ({error}); set api.port or --port",
            )
            return
    yield ("ok", f"{settings.api.host}:{settings.api.port} is free")


def _docker() -> Iterator[tuple[str, str]]:
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect("/var/run/docker.sock")
    except OSError as error:
        yield ("note", f"no Docker daemon answers ({error.strerror}): pods run as host processes (exec runtime)")
        return
    yield ("ok", "Docker answers: pods run as containers")


def _unserved(settings: Settings) -> Iterator[tuple[str, str]]:
    """What is stored of kinds that the running cluster does not serve. A store of one process alone cannot be asked."""
    from sampan.cli.unserved import unserved
    from sampan.client import Client
    from sampan.client.discovery import discover
    from sampan.supervisor.cluster import load_plugins

    try:
        client = Client.from_kubeconfig(str(settings.home / "kubeconfig"), user_agent="sampan-doctor")
        served = {each.resource.group_resource for each in discover(client)}
    except (StatusError, OSError) as error:
        yield ("note", f"the API server does not say what it serves ({error}): stored kinds are not looked at")
        return
    store = load_plugins(settings).first("provide_store", url=settings.store_url)
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
