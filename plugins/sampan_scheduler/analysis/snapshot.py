"""The cluster at one moment, read through the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sampan.contracts.kinds import Object, Resource
from sampan.errors import Forbidden, NotFound
from sampan_client import Client
from sampan_machinery.resources import NAMESPACES, NODES, POD_DISRUPTION_BUDGETS, PODS, PRIORITY_CLASSES


@dataclass(frozen=True)
class Snapshot:
    """Lists of objects. Pods that have ended are left out."""

    nodes: list[Object]
    pods: list[Object]
    namespaces: list[Object]
    budgets: list[Object]
    priority_classes: list[Object]


def take(client: Client) -> Snapshot:
    """Budgets and priority classes are left out where they may not be read: they matter for preemption only."""
    pods = [pod for pod in client.list(PODS).items if (pod.get("status") or {}).get("phase") not in _ENDED]
    found = []
    for resource in (POD_DISRUPTION_BUDGETS, PRIORITY_CLASSES):
        try:
            found.append(client.list(resource).items)
        except (Forbidden, NotFound):
            found.append([])
    return Snapshot(client.list(NODES).items, pods, client.list(NAMESPACES).items, *found)


_ENDED = ("Succeeded", "Failed")


class Reader:
    """Lists what plugins of others ask for, each kind once. What is not served, or may not be read, counts as empty;
    the second is among ``problems``."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._found: dict[Resource, list[Object]] = {}
        self.problems: list[str] = []

    def list(self, resource: Resource) -> Sequence[Object]:
        if resource not in self._found:
            try:
                self._found[resource] = self._client.list(resource).items
            except NotFound:
                self._found[resource] = []
            except Forbidden as error:
                self._found[resource] = []
                self.problems.append(str(error))
        return self._found[resource]
