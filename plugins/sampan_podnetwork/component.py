"""The component in the node's process: follows the nodes, and keeps this machine's routes equal to them."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sampan.contracts.components import Running
from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions
from sampan.errors import SampanError
from sampan_client.informers import Informer
from sampan_machinery.resources import NODES
from sampan_nftables.kernel import Kernel, open_kernel
from sampan_podnetwork import machine, passing
from sampan_podnetwork.guarding import READY
from sampan_podnetwork.planning import (
    Manner,
    Plan,
    device_name,
    hardware_of,
    network_id,
    plan,
    pods_of,
    rules,
)
from sampan_podnetwork.settings import Settings

log = logging.getLogger(__name__)

TABLE_PREFIX = "sampanpn_"
SETTLE = 0.05  # seconds in which changes are gathered
AGAIN = 5.0  # seconds after a failure
AGAIN_ANYWAY = 300.0  # seconds after which the kernel is compared again: other programs change routes, too
PATIENCE = 60.0  # seconds for the program that speaks to the kernel


class Refused(SampanError):
    """The kernel does not take the routes."""


def table_name(options: ClusterOptions) -> str:
    return f"{TABLE_PREFIX}{options.home_id}"


def manner_of(options: ClusterOptions, settings: Any) -> Manner:
    path = Path(options.pki) / "ca.crt"
    identity = settings.vxlan_id or network_id(path.read_bytes() if path.exists() else b"")
    return Manner(device_name(options.home_id), identity, settings.vxlan_port, settings.backend)


def as_json(wanted: Plan, options: ClusterOptions) -> dict[str, Any]:
    """What kernel.py reads."""
    made = {**asdict(wanted), "cluster": options.pod_cidr, "device": device_name(options.home_id)}
    if wanted.tunnel is not None:
        made["tunnel"]["peers"] = [
            {**asdict(each), "hardware": hardware_of(each.address)} for each in wanted.tunnel.peers
        ]
    return made


def program(wanted: Mapping[str, Any]) -> list[str]:
    """Let kernel.py do it; what it has changed, in words. Raises Refused."""
    argv = [sys.executable, "-m", "sampan_podnetwork.kernel"]
    done = subprocess.run(
        argv, input=json.dumps(wanted), capture_output=True, text=True, timeout=PATIENCE, check=False, cwd="/"
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it says nothing"]
        raise Refused(f"routes to other nodes cannot be made: {lines[-1]}")
    found: list[str] = json.loads(done.stdout)
    return found


class Keeping:
    """Applies plans, each once; ``again`` compares with the kernel although nothing has changed."""

    def __init__(
        self, options: ClusterOptions, settings: Any, packets: Kernel | None,
        do: Callable[[Mapping[str, Any]], list[str]] = program,
    ) -> None:  # fmt: skip
        self._options, self._packets, self._do = options, packets, do
        self._manner = manner_of(options, settings)
        self._last: dict[str, Any] | None = None
        self._own = ""

    def again(self) -> None:
        self._last = None

    def apply(self, nodes: list[Object]) -> str:
        """What is in force, in words; "" where this node has no range yet. Raises Refused, OSError."""
        options = self._options
        own = next((pods_of(one) for one in nodes if one["metadata"]["name"] == options.node_name), "")
        here = machine.here(options.node_ip, options.pod_cidr)
        wanted = plan(nodes, options.node_name, here, self._manner)
        told = as_json(wanted, options)
        if told != self._last:
            self._last = None
            for line in self._do(told):
                log.info("pod network: %s", line)
        if own != self._own or self._last is None:
            self._filter(own)
        self._last, self._own = told, own
        if not own:
            return ""
        tunnel = f", {len(wanted.tunnel.peers)} by VXLAN" if wanted.tunnel else ""
        return f"pods here have addresses of {own}; {len(wanted.routes)} nodes are reached by routes{tunnel}"

    def _filter(self, own: str) -> None:
        if machine.let_forward():
            log.info("pod network: this machine passes packets on from now on")
        if self._packets is not None:
            self._packets.run(rules(table_name(self._options), own, self._options.pod_cidr))
        passing.let_pass(table_name(self._options), self._options.pod_cidr)

    def remove(self) -> None:
        self._do(as_json(Plan(), self._options))
        if self._packets is not None:
            self._packets.run(rules(table_name(self._options), "", ""))
        passing.no_longer(table_name(self._options), self._options.pod_cidr)


def run(running: Running) -> None:
    """Run until stopped; routes stay, so that pods reach each other while this process restarts."""
    options, dirty = running.options, threading.Event()
    if os.geteuid() != 0:
        running.failing("network.mode is routed, but routes need root")
        running.stop.wait()
        return

    def changed(old: Object | None, new: Object | None) -> None:
        if essence(old) != essence(new):
            dirty.set()

    nodes = Informer(running.client, NODES, on_change=changed)
    keeping = Keeping(options, running.settings, open_kernel())
    nodes.start()
    try:
        while not nodes.wait_synced(1):
            if running.stop.is_set():
                return
        threading.Thread(target=_wake_on_stop, args=(running.stop, dirty), daemon=True).start()
        dirty.set()
        with READY.of(options.home_id) as tell:
            for _ in _turns(running.stop, dirty, keeping):
                _once(running, keeping, nodes, dirty, tell)
    finally:
        nodes.stop()


def essence(node: Object | None) -> tuple[Any, ...] | None:
    """What of a Node matters here: heartbeats do not."""
    if node is None:
        return None
    status = node.get("status") or {}
    return (
        node["metadata"]["name"], pods_of(node), status.get("addresses"),
        (status.get("nodeInfo") or {}).get("containerRuntimeVersion"),
    )  # fmt: skip


def _turns(stop: threading.Event, dirty: threading.Event, keeping: Keeping) -> Iterator[None]:
    while not stop.is_set():
        if not dirty.wait(AGAIN_ANYWAY):
            keeping.again()
        stop.wait(SETTLE)
        dirty.clear()
        if not stop.is_set():  # its wake-up may just have been cleared
            yield


def _once(
    running: Running, keeping: Keeping, nodes: Any, dirty: threading.Event, tell: Callable[[bool], None]
) -> None:  # fmt: skip
    try:
        words = keeping.apply(nodes.list())
    except (SampanError, OSError, ValueError, subprocess.TimeoutExpired) as error:
        log.error("pod network: %s", error)
        running.failing(str(error))
        tell(False)
        running.stop.wait(AGAIN)
        dirty.set()
        return
    tell(bool(words))
    running.ready(words or "waiting for a range of this node's pods")


def _wake_on_stop(stop: threading.Event, dirty: threading.Event) -> None:
    stop.wait()
    dirty.set()


def cleanup(home: str, options: ClusterOptions) -> None:
    """Take routes, device and rules away."""
    if options.network_mode != "routed" or os.geteuid() != 0:
        return
    with contextlib.suppress(OSError):
        Keeping(options, Settings(), open_kernel()).remove()
