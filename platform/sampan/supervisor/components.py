"""Running components inside one process: a thread each, restarted with back-off, stopped together."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from sampan.client import Client
from sampan.contracts.components import Component, Running
from sampan.contracts.kinds import Resource
from sampan.errors import AlreadyExists, NotFound
from sampan.plugins import Plugins

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.2  # seconds before the first restart of a failed component
LONGEST_PAUSE = 30.0


def run_components(components: Iterable[Component], plugins: Plugins, home: Path, options: Mapping[str, Any]) -> None:
    """Run them until SIGTERM or SIGINT; call on the main thread."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threads = []
    plugins.books.keep_in(home / "run" / "plugins")
    options = {**options, "plugins": plugins}  # for components that ask hooks of their own (scheduler, node)
    for component in components:
        running = Running(
            client=Client.from_kubeconfig(
                str(home / "kubeconfigs" / component.name), user_agent=f"sampan-{component.name}"
            ),
            settings=plugins.settings_of(component.name),
            home=str(_directory(home, component.name)),
            stop=stop,
            options=options,
            ready=partial(log.info, "%s: %s", component.name),
        )
        thread = threading.Thread(target=_keep_running, args=(component, running), name=component.name, daemon=True)
        thread.start()
        threads.append(thread)
    stop.wait()
    for thread in threads:
        thread.join(timeout=10)
        if thread.is_alive():
            log.warning("%s did not stop within 10 s and is left behind", thread.name)


def _directory(home: Path, name: str) -> Path:
    path = home / "components" / name
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _keep_running(component: Component, running: Running) -> None:
    pause = FIRST_PAUSE
    while not running.stop.is_set():
        try:
            if component.manifests is not None:
                create_missing(component, running)
            component.run(running)
            if running.stop.is_set():
                return
            log.error("%s ended by itself; starting it again in %.1f s", component.name, pause)
        except Exception:
            if running.stop.is_set():
                return
            log.exception("%s failed; starting it again in %.1f s", component.name, pause)
        running.stop.wait(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def create_missing(component: Component, running: Running) -> None:
    """What the component ships, with the administrator's identity; what is there already is left as it is."""
    assert component.manifests is not None
    admin = Client.from_kubeconfig(str(running.options["kubeconfig"]), user_agent="sampan-manifests")
    try:
        for manifest in component.manifests(running.options):
            resource = resource_of(admin, manifest)
            try:
                admin.create(resource, manifest, manifest["metadata"].get("namespace", ""))
            except AlreadyExists:
                log.debug("%s: %s %s is there", component.name, manifest["kind"], manifest["metadata"]["name"])
    finally:
        admin.close()


def resource_of(client: Client, manifest: Mapping[str, Any]) -> Resource:
    """The collection a manifest belongs to, by discovery; raises NotFound."""
    api_version, kind = manifest["apiVersion"], manifest["kind"]
    group, _, version = api_version.rpartition("/")
    found = msgspec.json.decode(client.request("GET", f"/apis/{api_version}" if group else f"/api/{version}").body)
    for entry in found["resources"]:
        if entry["kind"] == kind and "/" not in entry["name"]:
            return Resource(group, version, entry["name"], kind, entry["namespaced"])
    raise NotFound(f"the server knows no kind {kind} in {api_version}")
