"""The range of this node's pods (Node.spec.podCIDR): waited for before the first pod gets an address.

It is remembered in the agent's home, so that pods go on while the API is away when the agent starts.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, NotFound
from sampan_machinery.resources import NODES
from sampan_node.registration import skeleton

log = logging.getLogger(__name__)

FILE = "pod-cidr"
PAUSE = 0.2  # seconds between two looks at a Node without a range
PATIENCE = 30.0  # seconds after which it is said that none comes


def pod_range(client: Any, name: str, home: Path, stop: threading.Event, failing: Callable[[str], None] = print) -> str:
    """The range; "" where the agent has to stop before there is one. Makes the Node where there is none yet: only
    a Node gets a range. Raises ConnectionError where the API is away and no range is remembered."""
    try:
        found = _asked(client, name, stop, failing)
    except ConnectionError as error:
        if not (found := _remembered(home)):
            raise
        log.warning("node: the API is away; pods get addresses of the last range, %s: %s", found, error)
        return found
    if found and found != _remembered(home):
        draft = home / f".{FILE}"
        draft.write_text(found)
        draft.replace(home / FILE)
    return found


def _asked(client: Any, name: str, stop: threading.Event, failing: Callable[[str], None]) -> str:
    looks = 0
    while True:
        found = str((_node(client, name).get("spec") or {}).get("podCIDR") or "")
        if found or stop.wait(PAUSE):
            return found
        looks += 1
        if looks == int(PATIENCE / PAUSE):
            failing(f"node {name} has no range of pod addresses: no part of network.pod_cidr may be left")


def _node(client: Any, name: str) -> Object:
    try:
        found: Object = client.get(NODES, name)
    except NotFound:
        try:
            found = client.create(NODES, skeleton(name))
        except AlreadyExists:
            found = client.get(NODES, name)
    return found


def _remembered(home: Path) -> str:
    try:
        return (home / FILE).read_text().strip()
    except OSError:
        return ""
