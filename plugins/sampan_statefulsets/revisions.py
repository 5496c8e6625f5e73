"""The revisions of a StatefulSet: which one is current, which one its pods are updated to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Observed, Remove, Update
from sampan_machinery.metadata import get_path, is_deleting
from sampan_machinery.resources import CONTROLLER_REVISIONS, STATEFUL_SETS
from sampan_podspec import history
from sampan_podspec.adoption import adopt_and_release
from sampan_statefulsets.identity import revision_of

#: On revisions, as upstream labels those of StatefulSets.
HASH_LABEL = "controller.kubernetes.io/hash"


@dataclass(frozen=True)
class Revisions:
    """The history at one moment. ``update`` may be a revision that ``writes`` creates."""

    owner: Object
    all: Sequence[Object]
    current: Object
    update: Object
    writes: list[Action] = field(default_factory=list)
    adoptions: list[Action] = field(default_factory=list)

    @property
    def current_name(self) -> str:
        return str(self.current["metadata"]["name"])

    @property
    def update_name(self) -> str:
        return str(self.update["metadata"]["name"])

    def forgotten(self, pods: Sequence[Object]) -> list[Action]:
        """Remove revisions beyond the limit that no pod has."""
        live = {self.current_name, self.update_name, *map(revision_of, pods)}
        spent = [each for each in self.all if each["metadata"]["name"] not in live]
        limit = self.owner["spec"].get("revisionHistoryLimit")
        return [
            Remove(CONTROLLER_REVISIONS, meta["name"], meta["namespace"], uid=meta["uid"])
            for meta in (each["metadata"] for each in history.surplus(spent, 10 if limit is None else limit))
        ]


def revisions_of(owner: Object, observed: Observed) -> Revisions:
    """A template that there was before has its former revision again, with a new number."""
    found, adoptions = adopt_and_release(owner, CONTROLLER_REVISIONS, observed)
    known = history.by_number(each for each in found if not is_deleting(each))
    update, writes = _update_revision(owner, known, observed)
    name = get_path(owner, "status", "currentRevision", default="")
    current = next((each for each in known if each["metadata"]["name"] == name), update)
    return Revisions(owner, known, current, update, writes, adoptions)


def _update_revision(owner: Object, known: Sequence[Object], observed: Observed) -> tuple[Object, list[Action]]:
    template, number = owner["spec"]["template"], history.next_number(known)
    equal = [each for each in known if history.holds(each, template)]
    if equal and equal[-1] is known[-1]:
        return equal[-1], []
    if equal:
        moved = {**equal[-1], "revision": number}
        return moved, [Update(CONTROLLER_REVISIONS, moved)]
    if is_deleting(owner):
        fallback = known[-1] if known else history.new_revision(owner, number, {})
        return fallback, []
    made = history.new_revision(owner, number, {HASH_LABEL: history.hash_of(owner)})
    if (former := history.of_former_owner(made, observed)) is not None:
        return former, []
    status = Update(STATEFUL_SETS, {**owner, "status": history.collided(owner)}, "status")
    return made, [history.creation(made, owner, status)]
