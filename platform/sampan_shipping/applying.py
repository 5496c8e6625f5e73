"""Applies an add-on's manifests to a cluster: creates, merges and removes objects; users' edits stay.

The shell around ``merging``: reads, writes with the object's resourceVersion, and retries after a conflict. Uses only a
Client. Log lines name the add-on and the object.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object, Resource
from sampan.errors import AlreadyExists, BadRequest, Conflict, Invalid, NotFound
from sampan_client.client import Client
from sampan_machinery.metadata import is_deleting
from sampan_machinery.types import Node
from sampan_shipping import inventory, marks
from sampan_shipping.inventory import Collections, Inventory, Ref
from sampan_shipping.merging import equal, merge
from sampan_shipping.own import with_own, without_own

log = logging.getLogger(__name__)

TRIES = 5
#: Kinds that are never removed here, because their deletion deletes users' data too.
NEVER_REMOVED = frozenset({"Namespace", "CustomResourceDefinition", "PersistentVolumeClaim", "PersistentVolume"})
CREATED, RECREATED, UPDATED, ADOPTED, UNCHANGED = "created", "recreated", "updated", "adopted", "unchanged"
REMOVED, LEFT, REFUSED, RESET = "removed", "left", "refused", "reset"


class ShippingResult(NamedTuple):
    """What was done to one object: ``action`` is one of the constants above; ``details`` are details, or ""."""

    ref: Ref
    action: str
    details: str = ""

    def __str__(self) -> str:
        return f"{self.ref} {self.action}{f': {self.details}' if self.details else ''}"


class Shipment:
    """All objects that one add-on ships to one cluster. ``client`` needs permission to create and change them."""

    def __init__(self, client: Client, addon: str, version: str, manifests: Iterable[Mapping[str, Any]]) -> None:
        self.addon, self.version = addon, version
        self.manifests = {Ref.of(manifest): marks.prepared(manifest) for manifest in manifests}
        self.client = client
        self._collections = Collections(client)

    def apply(self) -> list[ShippingResult]:
        """Create what is missing, merge what has changed, remove what is no longer shipped. Nothing is written if
        nothing has changed. Raises StatusError or ConnectionError if the API cannot be used at all."""
        before = self.read_inventory()
        known = {ref.identity for ref in before.refs}
        results = [self._ship(ref, manifest, ref.identity in known) for ref, manifest in self.manifests.items()]
        wanted = {ref.identity for ref in self.manifests}
        results += [self._remove_one(ref) for ref in reversed(before.refs) if ref.identity not in wanted]
        now = Inventory(self.version, tuple(self.manifests))
        if now != before and (now.refs or before.refs):
            inventory.write(self.client, self.addon, now)
        for result in results:
            self._log_result(result)
        return results

    def remove(self) -> list[ShippingResult]:
        """Remove all shipped objects that have no edits. The others stay, without the add-on's marks."""
        before = self.read_inventory()
        refs = {ref.identity: ref for ref in (*before.refs, *self.manifests)}
        results = [self._remove_one(ref) for ref in reversed(refs.values())]
        inventory.erase(self.client, self.addon)
        return [result for result in results if result.action != UNCHANGED]

    def reset(self, refs: Sequence[Ref]) -> list[ShippingResult]:
        """Restore these objects to what is shipped; users' edits are lost."""
        return [self._reset(ref, self.manifests[ref]) for ref in refs]

    def read_inventory(self) -> Inventory:
        """The inventory: what has been shipped so far."""
        return inventory.read(self.client, self.addon)

    def live(self, ref: Ref) -> Object | None:
        """The live object; None if it or its kind does not exist."""
        try:
            return self.client.get(self._collections.of(ref), ref.name, ref.namespace)
        except NotFound:
            return None

    def _ship(self, ref: Ref, manifest: Object, known: bool) -> ShippingResult:
        resource = self._collections.of(ref)
        for _ in range(TRIES):
            try:
                live = self.live(ref)
                if live is None:
                    self._create(resource, manifest)
                    return ShippingResult(ref, RECREATED if known else CREATED)
                return self._apply_to_live(ref, resource, manifest, live)
            except (AlreadyExists, Conflict, NotFound) as error:
                last = error  # another writer was faster; a missing namespace fails in all tries
            except (Invalid, BadRequest) as error:
                return ShippingResult(ref, REFUSED, f"{error}; `sampan addons reset {self.addon} {ref}` recreates it")
        raise last

    def _create(self, resource: Resource, manifest: Object) -> None:
        shipped = marks.marked(manifest, self.addon, self.version, manifest)
        self._record_answer(resource, manifest, self.client.create(resource, shipped))

    def _record_answer(self, resource: Resource, manifest: Object, answer: Object, made: Object | None = None) -> None:
        """Record the server's answer in a second write: its defaults are known only from the answer."""
        made = made or without_own(marks.plain(answer), answer, marks.plain(manifest), self.addon)
        if equal(made, marks.plain(manifest)) or equal(made, marks.read(answer).made):
            return
        annotations = marks.marked(answer, self.addon, self.version, manifest, made=made)["metadata"]["annotations"]
        metadata = answer["metadata"]
        patch = {"metadata": {"annotations": {marks.MADE: annotations[marks.MADE]}}}
        self.client.patch(resource, metadata["name"], patch, metadata.get("namespace", ""))

    def _apply_to_live(self, ref: Ref, resource: Resource, manifest: Object, live: Object) -> ShippingResult:
        record = marks.read(live)
        if is_deleting(live):
            return ShippingResult(ref, REFUSED, "it is being deleted")
        if record.addon and record.addon != self.addon:
            return ShippingResult(ref, LEFT, f"it belongs to the add-on {record.addon}")
        if record.shipped is None:
            self.client.update(resource, marks.marked(live, self.addon, self.version, manifest, adopted=True))
            return ShippingResult(ref, ADOPTED, "it was there before and stays as it is")
        if equal(record.shipped, manifest):
            return ShippingResult(ref, UNCHANGED)
        return self._upgrade(ref, resource, manifest, live, record)

    def _upgrade(
        self, ref: Ref, resource: Resource, manifest: Object, live: Object, record: marks.Record
    ) -> ShippingResult:
        node, shipped = node_of(resource), record.shipped or {}
        merged = merge(shipped, manifest, live, node, made=record.made)
        base = merge(shipped, manifest, record.base, node, made=record.made).object
        body = marks.marked(
            merged.object, self.addon, self.version, manifest, made=base, adopted=record.adopted
        )  # fmt: skip
        answer = self.client.update(resource, body)
        # defaults that the server filled in with this change count as shipped, not as edits
        filled = merge(marks.plain(merged.object), marks.plain(answer), base, node).object
        self._record_answer(resource, manifest, answer, filled)
        return ShippingResult(
            ref, UPDATED, f"edited, so left as it was: {', '.join(merged.kept)}" if merged.kept else ""
        )

    def _remove_one(self, ref: Ref) -> ShippingResult:
        for _ in range(TRIES):
            live = self.live(ref)
            if live is None or is_deleting(live) or marks.read(live).addon != self.addon:
                return ShippingResult(ref, UNCHANGED)
            resource, metadata = self._collections.of(ref), live["metadata"]
            try:
                if reason := why_kept(live):
                    self.client.update(resource, unmarked(live))
                    return ShippingResult(ref, LEFT, reason)
                self.client.delete(
                    resource, ref.name, ref.namespace, uid=metadata["uid"],
                    resource_version=metadata["resourceVersion"], propagation="Background",
                )  # fmt: skip
                return ShippingResult(ref, REMOVED)
            except Conflict as error:
                last = error
            except NotFound:
                return ShippingResult(ref, REMOVED)
        raise last

    def _reset(self, ref: Ref, manifest: Object) -> ShippingResult:
        resource = self._collections.of(ref)
        for _ in range(TRIES):
            live = self.live(ref)
            try:
                if live is None:
                    self._create(resource, manifest)
                    return ShippingResult(ref, RECREATED)
                return self._restore(ref, resource, manifest, live)
            except (Conflict, AlreadyExists) as error:
                last = error
        raise last

    def _restore(self, ref: Ref, resource: Resource, manifest: Object, live: Object) -> ShippingResult:
        record = marks.read(live)
        current = record.shipped is not None and equal(record.shipped, manifest)
        if current and not is_edited(live) and not record.adopted:
            return ShippingResult(ref, UNCHANGED)
        target = record.base if current else manifest
        own = {k: v for k, v in live["metadata"].items() if k not in ("labels", "annotations")}
        body = {**target, "metadata": {**own, **target["metadata"]}}
        if "status" in live:
            body["status"] = live["status"]
        body = with_own(body, live, self.addon)
        try:
            body = marks.marked(body, self.addon, self.version, manifest, adopted=record.adopted)
            answer = self.client.update(resource, body)
        except (Invalid, BadRequest) as error:
            log.info("add-on %s: %s cannot be changed (%s) and is recreated", self.addon, ref, error)
            self.client.delete(resource, ref.name, ref.namespace, uid=live["metadata"]["uid"])
            self._create(resource, manifest)
            return ShippingResult(ref, RECREATED, "what was edited cannot be changed in place")
        self._record_answer(resource, manifest, answer)
        return ShippingResult(ref, RESET)

    def _log_result(self, result: ShippingResult) -> None:
        if result.action == REFUSED:
            log.error("add-on %s: %s", self.addon, result)
        elif result.action == RECREATED:
            log.warning("add-on %s: %s, because it had been deleted", self.addon, result)
        elif result.action != UNCHANGED:
            log.info("add-on %s: %s", self.addon, result)


def why_kept(live: Object) -> str:
    """Why an object is not removed with its add-on; "" if it is removed."""
    if live.get("kind") in NEVER_REMOVED:
        return "it may hold data of others"
    if marks.read(live).adopted:
        return "it was there before the add-on"
    return "it was edited" if is_edited(live) else ""


def is_edited(live: Object) -> bool:
    """Whether a user changed it: it differs from the shipped object, its defaults and the add-on's own fields."""
    record = marks.read(live)
    base = marks.plain(record.base)
    return not equal(without_own(marks.plain(live), live, base, record.addon), base)


def unmarked(live: Object) -> Object:
    """A copy without the add-on's marks."""
    metadata = dict(live["metadata"])
    for field in ("labels", "annotations"):
        entries = {k: v for k, v in (metadata.get(field) or {}).items() if not k.startswith(marks.PREFIX)}
        metadata.pop(field, None)
        if entries:
            metadata[field] = entries
    return {**live, "metadata": metadata}


def node_of(resource: Resource) -> Node | None:
    """The schema of a built-in kind; None for any other. The table is loaded only if something has to be merged."""
    from sampan_machinery.schema import load

    schemas = load()
    if not schemas.has(resource.group, resource.version, resource.kind):
        return None
    return schemas.node(resource.group, resource.version, resource.kind)
