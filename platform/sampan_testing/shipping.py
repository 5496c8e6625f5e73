"""A check for every add-on: users' edits of its objects survive restarts and upgrades.

Also for third-party add-ons. Works with any Client; ``api_server`` returns one of a whole API server in this process,
with all installed plugins.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sampan.contracts.access import User
from sampan.contracts.kinds import Object
from sampan.contracts.options import ManifestOptions
from sampan.errors import BadRequest, Invalid
from sampan_client import Client
from sampan_client.paths import path_of
from sampan_machinery.metadata import copy
from sampan_shipping import Shipment, ShippingResult
from sampan_shipping.applying import ADOPTED, REFUSED, REMOVED, UNCHANGED
from sampan_shipping.inventory import Collections, Ref

Manifests = Callable[[ManifestOptions], Sequence[Object]]

#: Cluster-wide options of a fictitious cluster, for add-ons that read them.
OPTIONS = ManifestOptions(
    service_cidr="10.96.0.0/16", service_ip="10.96.0.1", dns_ip="10.96.0.10", pod_cidr="10.244.0.0/16",
    cluster_domain="cluster.local", node_name="node", node_ip="127.0.0.1", api_endpoint_ip="127.0.0.1",
    server_url="https://127.0.0.1:6443", node_port_range="30000-32767", kubelet_port=10250, kubeconfig="",
)  # fmt: skip
MINE = "example.org/mine"  # a user's label
LATER = "example.org/later"  # a label that a later version ships


@contextlib.contextmanager
def api_server(home: Path) -> Iterator[Client]:
    """An administrator's client of an API server in this process, with a store in memory and keys in ``home``."""
    import sampan_pki as pki
    from sampan_server.app import new_app
    from sampan_server.plugins.plugins import Plugins

    pki.ensure(home / "pki")
    plugins = Plugins()
    store = plugins.first("provide_store", url="memory://", history=0.0)
    options = dataclasses.replace(OPTIONS, home=str(home), pki=str(home / "pki"))
    app = new_app(plugins, store=store, home=str(home), options=options)
    client = Client.in_process(app.wsgi, User("admin", groups=("system:masters", "system:authenticated")))
    try:
        yield client
    finally:
        client.close()
        app.close()
        store.close()


def check_edits_survive(manifests: Manifests, client: Client, *, options: ManifestOptions = OPTIONS) -> None:
    """Ship, restart, edit every object, restart, upgrade, remove. Raises AssertionError if an edit is lost, an upgrade
    does not arrive, or a restart writes anything."""
    first = [copy(manifest) for manifest in manifests(options)]
    refs = [Ref.of(manifest) for manifest in first]
    made = _ship(client, "1", first)
    assert not [outcome for outcome in made if outcome.action in (REFUSED, ADOPTED)], f"cannot be shipped: {made}"

    _check_restart(client, "1", first, "right after it was shipped")
    edits = {ref: _edit(client, ref) for ref in refs}
    _check_restart(client, "1", first, "after edits")

    outcomes = _ship(client, "2", [_later(manifest) for manifest in first])
    assert not [outcome for outcome in outcomes if outcome.action == REFUSED], f"the upgrade is refused: {outcomes}"
    for ref in refs:
        _check_edited(client, ref, edits[ref])

    left = [outcome for outcome in Shipment(client, "checked", "2", first).remove() if outcome.action == REMOVED]
    assert left == [], f"edited, and yet removed with the add-on: {left}"


def _ship(client: Client, version: str, manifests: Sequence[Object]) -> list[ShippingResult]:
    return Shipment(client, "checked", version, manifests).apply()


def _check_restart(client: Client, version: str, manifests: Sequence[Object], when: str) -> None:
    before = {ref: _live(client, ref)["metadata"]["resourceVersion"] for ref in map(Ref.of, manifests)}
    outcomes = _ship(client, version, manifests)
    after = {ref: _live(client, ref)["metadata"]["resourceVersion"] for ref in before}
    assert {outcome.action for outcome in outcomes} <= {UNCHANGED}, f"a start {when} changes something: {outcomes}"
    assert before == after, f"a start {when} writes without need"


def _live(client: Client, ref: Ref) -> Object:
    return client.get(Collections(client).of(ref), ref.name, ref.namespace)


def _edit(client: Client, ref: Ref) -> list[Any]:
    """Set a user's label, and change one value that the server accepts. Returns [path, value]."""
    resource = Collections(client).of(ref)
    live = _live(client, ref)
    live["metadata"].setdefault("labels", {})[MINE] = "yes"
    for place in _leaves({key: value for key, value in live.items() if key not in ("metadata", "status")}):
        if place in (["kind"], ["apiVersion"]):
            continue
        changed = copy(live)
        _put(changed, place, _another(_at(changed, place)))
        path = path_of(resource, ref.namespace, ref.name)
        try:
            client.request("PUT", path, query={"dryRun": "All"}, body=changed)
        except (Invalid, BadRequest):
            continue
        answer = client.update(resource, changed)
        if _at(answer, place) == _at(changed, place):
            return [place, _at(changed, place)]
        live = answer
    client.update(resource, live)
    return []


def _later(manifest: Object) -> Object:
    """The next version of a manifest: with one more label and annotation."""
    found: Object = copy(manifest)
    for field in ("labels", "annotations"):
        found["metadata"][field] = {**(found["metadata"].get(field) or {}), LATER: "2"}
    return found


def _check_edited(client: Client, ref: Ref, edit: list[Any]) -> None:
    live = _live(client, ref)
    metadata = live["metadata"]
    assert metadata["labels"].get(MINE) == "yes", f"{ref}: a user's label did not survive an upgrade"
    arrived = metadata["labels"].get(LATER), metadata["annotations"].get(LATER)
    assert arrived == ("2", "2"), f"{ref}: the upgrade did not arrive"
    if edit:
        place, value = edit
        assert _at(live, place) == value, f"{ref}: a user's {place} = {value!r} did not survive an upgrade"


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[list[Any]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if entries is None:
        yield list(path)
        return
    for key, each in entries:
        yield from _leaves(each, (*path, key))


def _another(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | float) else f"{value}x"


def _at(obj: Any, place: Sequence[Any]) -> Any:
    for key in place:
        try:
            obj = obj[key]
        except (KeyError, IndexError):
            return None
    return obj


def _put(obj: Any, place: Sequence[Any], value: Any) -> None:
    for key in place[:-1]:
        obj = obj[key]
    obj[place[-1]] = value
