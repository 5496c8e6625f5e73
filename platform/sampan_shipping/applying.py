"""Bringing what an add-on ships to a cluster: created, merged, taken back; users' edits stay.

The shell around ``merging``: reads, writes with the object's own resourceVersion, and begins again where somebody was
quicker. Works through a Client and nothing else. Log lines name the add-on and the object.
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
#: Kinds whose end takes others' data along: they are never removed here.
LASTING = frozenset({"Namespace", "CustomResourceDefinition", "PersistentVolumeClaim", "PersistentVolume"})
CREATED, RECREATED, UPDATED, ADOPTED, UNCHANGED = "created", "recreated", "updated", "adopted", "unchanged"
REMOVED, LEFT, REFUSED, RESET = "removed", "left", "refused", "reset"


class Outcome(NamedTuple):
    """What was done about one object, in a word of the above and, where there is more to say, in words."""

    ref: Ref
    action: str
    words: str = ""

    def __str__(self) -> str:
        return f"{self.ref} {self.action}{f': {self.words}' if self.words else ''}"


class Shipment:
    """All that one add-on ships to one cluster. ``client`` needs the right to make and change these objects."""

    def __init__(self, client: Client, addon: str, version: str, manifests: Iterable[Mapping[str, Any]]) -> None:
        self.addon, self.version = addon, version
        self.manifests = {Ref.of(manifest): marks.prepared(manifest) for manifest in manifests}
        self.client = client
        self._collections = Collections(client)

    def apply(self) -> list[Outcome]:
        """Make what is missing, merge what has changed, take back what is shipped no more. Nothing is written where
        nothing has changed. Raises StatusError or ConnectionError where the cluster cannot be worked with at all."""
        before = self.noted()
        known = {ref.identity for ref in before.refs}
        outcomes = [self._ship(ref, manifest, ref.identity in known) for ref, manifest in self.manifests.items()]
        wanted = {ref.identity for ref in self.manifests}
        outcomes += [self._take_back(ref) for ref in reversed(before.refs) if ref.identity not in wanted]
        now = Inventory(self.version, tuple(self.manifests))
        if now != before and (now.refs or before.refs):
            inventory.write(self.client, self.addon, now)
        for outcome in outcomes:
            self._say(outcome)
        return outcomes

    def remove(self) -> list[Outcome]:
        """Take back everything shipped that nobody has edited; the rest is left, and ours no longer."""
        before = self.noted()
        refs = {ref.identity: ref for ref in (*before.refs, *self.manifests)}
        outcomes = [self._take_back(ref) for ref in reversed(refs.values())]
        inventory.erase(self.client, self.addon)
        return [outcome for outcome in outcomes if outcome.action != UNCHANGED]

    def reset(self, refs: Sequence[Ref]) -> list[Outcome]:
        """Put these objects back as they are shipped, whatever a user has made of them."""
        return [self._reset(ref, self.manifests[ref]) for ref in refs]

    def noted(self) -> Inventory:
        """What has been shipped so far."""
        return inventory.read(self.client, self.addon)

    def live(self, ref: Ref) -> Object | None:
        """The object as it is; None where it, or its kind, is not there."""
        try:
            return self.client.get(self._collections.of(ref), ref.name, ref.namespace)
        except NotFound:
            return None

    def _ship(self, ref: Ref, manifest: Object, known: bool) -> Outcome:
        resource = self._collections.of(ref)
        for _ in range(TRIES):
            try:
                live = self.live(ref)
                if live is None:
                    self._create(resource, manifest)
                    return Outcome(ref, RECREATED if known else CREATED)
                return self._meet(ref, resource, manifest, live)
            except (AlreadyExists, Conflict, NotFound) as error:
                last = error  # somebody was quicker; a namespace that is not there fails for good below
            except (Invalid, BadRequest) as error:
                return Outcome(ref, REFUSED, f"{error}; `sampan addons reset {self.addon} {ref}` makes it anew")
        raise last

    def _create(self, resource: Resource, manifest: Object) -> None:
        shipped = marks.marked(manifest, self.addon, self.version, manifest)
        self._note_made(resource, manifest, self.client.create(resource, shipped))

    def _note_made(self, resource: Resource, manifest: Object, answer: Object, made: Object | None = None) -> None:
        """Remember what the server made of it, in a second write, for only its answer tells."""
        made = made or without_own(marks.plain(answer), answer, marks.plain(manifest), self.addon)
        if equal(made, marks.plain(manifest)) or equal(made, marks.read(answer).made):
            return
        annotations = marks.marked(answer, self.addon, self.version, manifest, made=made)["metadata"]["annotations"]
        metadata = answer["metadata"]
        patch = {"metadata": {"annotations": {marks.MADE: annotations[marks.MADE]}}}
        self.client.patch(resource, metadata["name"], patch, metadata.get("namespace", ""))

    def _meet(self, ref: Ref, resource: Resource, manifest: Object, live: Object) -> Outcome:
        record = marks.read(live)
        if is_deleting(live):
            return Outcome(ref, REFUSED, "it is being deleted")
        if record.addon and record.addon != self.addon:
            return Outcome(ref, LEFT, f"it belongs to the add-on {record.addon}")
        if record.shipped is None:
            self.client.update(resource, marks.marked(live, self.addon, self.version, manifest, adopted=True))
            return Outcome(ref, ADOPTED, "it was there before and stays as it is")
        if equal(record.shipped, manifest):
            return Outcome(ref, UNCHANGED)
        return self._upgrade(ref, resource, manifest, live, record)

    def _upgrade(self, ref: Ref, resource: Resource, manifest: Object, live: Object, record: marks.Record) -> Outcome:
        node, shipped = node_of(resource), record.shipped or {}
        merged = merge(shipped, manifest, live, node, made=record.made)
        base = merge(shipped, manifest, record.base, node, made=record.made).object
        body = marks.marked(
            merged.object, self.addon, self.version, manifest, made=base, adopted=record.adopted
        )  # fmt: skip
        answer = self.client.update(resource, body)
        # what the server filled in beside the change belongs to what was shipped, and is nobody's edit
        filled = merge(marks.plain(merged.object), marks.plain(answer), base, node).object
        self._note_made(resource, manifest, answer, filled)
        return Outcome(ref, UPDATED, f"edited, so left as it was: {', '.join(merged.kept)}" if merged.kept else "")

    def _take_back(self, ref: Ref) -> Outcome:
        for _ in range(TRIES):
            live = self.live(ref)
            if live is None or is_deleting(live) or marks.read(live).addon != self.addon:
                return Outcome(ref, UNCHANGED)
            resource, metadata = self._collections.of(ref), live["metadata"]
            try:
                if reason := why_left(live):
                    self.client.update(resource, unmarked(live))
                    return Outcome(ref, LEFT, reason)
                self.client.delete(
                    resource, ref.name, ref.namespace, uid=metadata["uid"],
                    resource_version=metadata["resourceVersion"], propagation="Background",
                )  # fmt: skip
                return Outcome(ref, REMOVED)
            except Conflict as error:
                last = error
            except NotFound:
                return Outcome(ref, REMOVED)
        raise last

    def _reset(self, ref: Ref, manifest: Object) -> Outcome:
        resource = self._collections.of(ref)
        for _ in range(TRIES):
            live = self.live(ref)
            try:
                if live is None:
                    self._create(resource, manifest)
                    return Outcome(ref, RECREATED)
                return self._put_back(ref, resource, manifest, live)
            except (Conflict, AlreadyExists) as error:
                last = error
        raise last

    def _put_back(self, ref: Ref, resource: Resource, manifest: Object, live: Object) -> Outcome:
        record = marks.read(live)
        current = record.shipped is not None and equal(record.shipped, manifest)
        if current and not is_edited(live) and not record.adopted:
            return Outcome(ref, UNCHANGED)
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
            log.info("add-on %s: %s cannot be changed (%s) and is made anew", self.addon, ref, error)
            self.client.delete(resource, ref.name, ref.namespace, uid=live["metadata"]["uid"])
            self._create(resource, manifest)
            return Outcome(ref, RECREATED, "what was edited cannot be changed in place")
        self._note_made(resource, manifest, answer)
        return Outcome(ref, RESET)

    def _say(self, outcome: Outcome) -> None:
        if outcome.action == REFUSED:
            log.error("add-on %s: %s", self.addon, outcome)
        elif outcome.action == RECREATED:
            log.warning("add-on %s: %s, for somebody had deleted it", self.addon, outcome)
        elif outcome.action != UNCHANGED:
            log.info("add-on %s: %s", self.addon, outcome)


def why_left(live: Object) -> str:
    """Why an object is not removed with its add-on, "" where it is."""
    if live.get("kind") in LASTING:
        return "it may hold what belongs to others"
    if marks.read(live).adopted:
        return "it was there before the add-on"
    return "it was edited" if is_edited(live) else ""


def is_edited(live: Object) -> bool:
    """Whether anything in it differs from what was shipped, what the server made of that, and what the add-on wrote."""
    record = marks.read(live)
    base = marks.plain(record.base)
    return not equal(without_own(marks.plain(live), live, base, record.addon), base)


def unmarked(live: Object) -> Object:
    """A copy that says nothing of any add-on."""
    metadata = dict(live["metadata"])
    for field in ("labels", "annotations"):
        entries = {k: v for k, v in (metadata.get(field) or {}).items() if not k.startswith(marks.PREFIX)}
        metadata.pop(field, None)
        if entries:
            metadata[field] = entries
    return {**live, "metadata": metadata}


def node_of(resource: Resource) -> Node | None:
    """The type of a built-in kind; None for any other. The table is read only where something has to be merged."""
    from sampan_machinery.schema import load

    schemas = load()
    if not schemas.has(resource.group, resource.version, resource.kind):
        return None
    return schemas.node(resource.group, resource.version, resource.kind)
