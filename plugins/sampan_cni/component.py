"""The component: writes the runtime's CNI configuration once this node has a range of pod addresses, and again when it
gets another. Does nothing where the container runtime runs no CNI plugins."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import threading
from pathlib import Path

from sampan.contracts.components import Running
from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions
from sampan_client.informers import Informer
from sampan_cni import conflist, masquerade
from sampan_cni.conflist import CHAINED, NEEDED, WITH_IPTABLES
from sampan_machinery.resources import NODES
from sampan_nftables.kernel import open_kernel
from sampan_runtime.contracts import RuntimeOffer
from sampan_runtime.offers import AUTO, offered

log = logging.getLogger(__name__)

FOLDERS = ("/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni")
WRITTEN = "written.json"  # in the component's home: what `sampan down` has to remove


def run(running: Running) -> None:
    assert running.hooks is not None, "the component names its hooks"
    offers = offered(found.answer for found in running.hooks.ask("contribute_runtimes"))
    if not running.settings.conf_dir or not runs_cni(running.options.runtime, offers):
        running.ready("nothing to do: the container runtime brings its own network")
        running.stop.wait()
        return
    settings, changed = running.settings, threading.Event()
    nodes: dict[str, Object] = {}

    def on_change(_: Object | None, new: Object | None) -> None:
        nodes["own"] = new or {}
        changed.set()

    name = running.options.node_name
    informer = Informer(running.client, NODES, fields=f"metadata.name={name}", on_change=on_change)
    if not settings.pod_cidr:
        informer.start()
    changed.set()
    threading.Thread(target=_wake_on_stop, args=(running.stop, changed), daemon=True).start()
    before: list[str] = []
    try:
        while changed.wait() and not running.stop.is_set():
            changed.clear()
            now = conflist.ranges(settings.pod_cidr, nodes.get("own") or {})
            if not now:
                running.ready("waiting for this node's range of pod addresses (Node.spec.podCIDR)")
            elif now != before:
                before = now
                path = write(running, now)
                running.ready(f"{path} gives pods addresses of {', '.join(now)}")
    finally:
        if not settings.pod_cidr:
            informer.stop()


def _wake_on_stop(stop: threading.Event, changed: threading.Event) -> None:
    stop.wait()
    changed.set()


def runs_cni(wanted: str, offers: list[RuntimeOffer]) -> bool:
    """Whether the runtime that the node agent uses does. As the agent chooses: by name, or the first that can be
    used."""
    if wanted not in ("", AUTO):
        return any(offer.cni for offer in offers if offer.name == wanted)
    return next((offer.cni for offer in offers if not offer.unavailable()), False)


def write(running: Running, pods: list[str]) -> Path:
    """The configuration and the rules. Returns the configuration's path."""
    settings, options = running.settings, running.options
    kernel = open_kernel()
    if kernel is not None:
        kernel.run(masquerade.script(options.home_id, pods, [options.pod_cidr] if options.pod_cidr else []))
    folder = Path(settings.conf_dir)
    path = folder / conflist.file_name(options.home_id)
    text = conflist.build(
        options.home_id, pods, usable(settings.bin_dir), data=str(Path(running.home) / "addresses"), mtu=settings.mtu,
        masquerade=kernel is None,
    )  # fmt: skip
    Path(running.home, WRITTEN).write_text(json.dumps({"conflist": str(path)}))
    folder.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")  # no name that a runtime reads
    half.write_text(text)
    half.replace(path)
    return path


def usable(folder: str) -> list[str]:
    """Which of the chained plugins are there and can work. Warns of those that no pod runs without."""
    folder = folder or next((one for one in FOLDERS if os.path.exists(f"{one}/bridge")), FOLDERS[0])
    if missing := [name for name in NEEDED if not os.path.exists(f"{folder}/{name}")]:
        log.warning(
            "cni: no pod gets a network: %s missing in %s (Debian: apt-get install containernetworking-plugins)",
            ", ".join(missing), folder,
        )  # fmt: skip
    tables = shutil.which("iptables", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None
    found = [name for name in CHAINED if os.path.exists(f"{folder}/{name}") and (tables or name not in WITH_IPTABLES)]
    if "portmap" not in found:
        log.warning("cni: hostPort of pods does nothing: that needs iptables and the plugin portmap in %s", folder)
    return found


def cleanup(home: str, options: ClusterOptions) -> None:
    """Remove the configuration, the bridge and the rules. Pods are gone by now."""
    note = Path(home) / WRITTEN
    if not note.exists():
        return
    Path(json.loads(note.read_text())["conflist"]).unlink(missing_ok=True)
    if kernel := open_kernel():
        kernel.run(masquerade.removal(options.home_id))
    if tool := shutil.which("ip"):  # fails where no pod ever had a network
        words = [tool, "link", "del", conflist.bridge_name(options.home_id)]
        subprocess.run(words, capture_output=True, check=False)
    shutil.rmtree(Path(home) / "addresses", ignore_errors=True)
    note.unlink()
