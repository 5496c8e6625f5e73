"""`sampan node list`, `drain` and `remove`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click

from sampan.contracts.commands import Place
from sampan.contracts.kinds import Object
from sampan.errors import ConfigError, NotFound, TooManyRequests
from sampan_joining.draining import Drain, name_of, plan
from sampan_joining.durations import seconds
from sampan_joining.sessions import aligned, failures_in_words, opened
from sampan_machinery.metadata import condition_is
from sampan_machinery.resources import NODES, PODS
from sampan_machinery.tables import age

ROLE = "node-role.kubernetes.io/"
PAUSE = 0.5  # seconds between two looks at pods that go
BUDGET_PAUSE = 2.0  # and until an eviction that a budget refuses is tried again; kubectl waits 5


@click.command(name="list")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: one list.")
@click.pass_obj
@failures_in_words
def list_nodes(place: Place, output: str) -> None:
    """Show the cluster's nodes: their state, address, range of pods and runtime."""
    with opened(place) as client:
        found = client.list(NODES).items
    if output == "json":
        click.echo(json.dumps([dict(zip(FIELDS, cells(one, time.time()), strict=True)) for one in found]))
        return
    click.echo("\n".join(aligned(rows(found, time.time()))))


FIELDS = ("name", "status", "age", "address", "pods", "runtime")


def rows(found: Iterable[Object], now: float) -> Iterator[tuple[str, ...]]:
    yield tuple(word.upper() for word in FIELDS)
    for node in sorted(found, key=lambda one: str(one["metadata"]["name"])):
        yield cells(node, now)


def cells(node: Object, now: float) -> tuple[str, ...]:
    status, spec = node.get("status") or {}, node.get("spec") or {}
    word = "Ready" if condition_is(status, "Ready") else "NotReady"
    if spec.get("unschedulable"):
        word += ",SchedulingDisabled"
    addresses = {one.get("type"): str(one.get("address")) for one in status.get("addresses") or ()}
    return (
        node["metadata"]["name"], word, age(node["metadata"].get("creationTimestamp"), now),
        addresses.get("InternalIP", "-"), spec.get("podCIDR") or "-",
        (status.get("nodeInfo") or {}).get("containerRuntimeVersion") or "-",
    )  # fmt: skip


def _drain_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--timeout", default="5m", show_default=True, help="How long its pods may take; 0: for ever."),
        click.option("--delete-emptydir-data", is_flag=True, help="Evict pods whose emptyDir volumes are lost then."),
        click.option("--force", is_flag=True, help="Evict pods too that no controller makes again."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("name")
@_drain_options
@click.pass_obj
@failures_in_words
def drain(place: Place, name: str, force: bool, delete_emptydir_data: bool, timeout: str) -> None:
    """Take no new pods on the node, and evict those that run there, as their disruption budgets allow."""
    with opened(place) as client:
        _drain(client, name, force, delete_emptydir_data, _limit(timeout))
    click.echo(f"node {name} is drained; `kubectl uncordon {name}` lets pods come again")


@click.command()
@click.argument("name")
@_drain_options
@click.option(
    "--drain/--no-drain", "drains", default=True, help="Evict its pods first; without, they are lost with it."
)
@click.pass_obj
@failures_in_words
def remove(
    place: Place, name: str, force: bool, delete_emptydir_data: bool, timeout: str, drains: bool
) -> None:  # fmt: skip
    """Drain the node and delete it from the cluster. On its machine, `sampan down` ends what runs there."""
    with opened(place) as client:
        if drains:
            _drain(client, name, force, delete_emptydir_data, _limit(timeout))
        try:
            client.delete(NODES, name)
        except NotFound as error:
            raise ConfigError(f"there is no node {name}; `sampan node list` shows them") from error
    click.echo(f"node {name} is removed; on its machine, `sampan down`, and then its home can be deleted")


def _limit(timeout: str) -> float:
    """Seconds; 0: none. Raises ConfigError."""
    try:
        return seconds(timeout)
    except ValueError as error:
        raise ConfigError(f"--timeout: {error}") from error


def _drain(client: Any, name: str, force: bool, delete_data: bool, limit: float) -> None:
    Draining(client, name, limit, click.echo).run(force=force, delete_data=delete_data)


class Draining:
    """Cordons a node and evicts its pods until they are gone."""

    def __init__(
        self, client: Any, node: str, limit: float, say: Callable[[str], Any], *,
        clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], Any] = time.sleep,
    ) -> None:  # fmt: skip
        """``limit``: seconds, 0 for none."""
        self._client, self._node, self._say = client, node, say
        self._clock, self._sleep = clock, sleep
        self._end = clock() + limit if limit else float("inf")

    def run(self, *, force: bool, delete_data: bool) -> None:
        """Raises ConfigError where pods object, before the first is evicted, or are not gone in time."""
        try:
            self._client.patch(NODES, self._node, {"spec": {"unschedulable": True}})
        except NotFound as error:
            raise ConfigError(f"there is no node {self._node}; `sampan node list` shows them") from error
        found: Drain = plan(self._pods(), force=force, delete_data=delete_data)
        if found.refused:
            lines = "".join(f"\n  {line}" for line in found.refused)
            raise ConfigError(f"node {self._node} is cordoned but not drained:{lines}")
        waiting = {one["metadata"]["uid"]: one for one in found.evicted}
        asked: set[str] = set()
        while waiting:
            refused = False
            for uid, pod in waiting.items():
                if uid not in asked:
                    refused |= not self._evict(pod, asked)
            here = {one["metadata"]["uid"] for one in self._pods()}
            waiting = {uid: pod for uid, pod in waiting.items() if uid in here}
            if waiting and self._clock() > self._end:
                names = ", ".join(map(name_of, waiting.values()))
                raise ConfigError(f"node {self._node} is not drained in time; still there: {names}")
            if waiting:
                self._sleep(BUDGET_PAUSE if refused else PAUSE)

    def _evict(self, pod: Object, asked: set[str]) -> bool:
        """Whether the eviction was accepted, or the pod is gone."""
        meta = pod["metadata"]
        body = {
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": meta["name"], "namespace": meta["namespace"]},
            "deleteOptions": {"preconditions": {"uid": meta["uid"]}},
        }  # fmt: skip
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/eviction"
        try:
            self._client.request("POST", path, body=body)
        except NotFound:
            pass
        except TooManyRequests:
            self._say(f"{name_of(pod)} waits: its disruption budget allows no eviction now")
            return False
        else:
            self._say(f"{name_of(pod)} is evicted")
        asked.add(meta["uid"])
        return True

    def _pods(self) -> list[Object]:
        return list(self._client.list(PODS, fields=f"spec.nodeName={self._node}").items)
