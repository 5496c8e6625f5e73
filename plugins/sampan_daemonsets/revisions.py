"""The revisions of a DaemonSet's template: the one of the present template, and what makes the history right. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Observed, Patch, Remove, Update
from sampan_machinery.metadata import get_path, is_deleting, labels_of
from sampan_machinery.resources import CONTROLLER_REVISIONS, DAEMON_SETS, PODS
from sampan_podspec import history
from sampan_podspec.adoption import adopt_and_release
from sampan_podspec.history import REVISION_LABEL

_LIMIT = 10


@dataclass(frozen=True)
class Revisions:
    """``current`` may be a revision that ``writes`` creates."""

    current: Object
    old: Sequence[Object]
    writes: list[Action] = field(default_factory=list)
    adoptions: list[Action] = field(default_factory=list)

    @property
    def hash(self) -> str:
        return labels_of(self.current).get(REVISION_LABEL, "")


def revisions_of(owner: Object, pods: Sequence[Object], observed: Observed) -> Revisions:
    found, adoptions = adopt_and_release(owner, CONTROLLER_REVISIONS, observed)
    known = history.by_number(each for each in found if not is_deleting(each))
    writes: list[Action] = [_labelled(each) for each in known if REVISION_LABEL not in labels_of(each)]
    if adoptions or writes:
        return Revisions({"metadata": {}}, known, [], [*adoptions, *writes])
    template = owner["spec"]["template"]
    equal = [each for each in known if history.holds(each, template)]
    old = [each for each in known if each not in equal]
    number = history.next_number(old)
    if not equal:
        made = history.new_revision(owner, number, {REVISION_LABEL: history.hash_of(owner)})
        if (former := history.of_former_owner(made, observed)) is not None:
            return Revisions(former, old)
        status = Update(DAEMON_SETS, {**owner, "status": history.collided(owner)}, "status")
        return Revisions(made, old, [history.creation(made, owner, status)])
    current = equal[-1]
    writes += _merged(current, equal[:-1], pods)
    if history.number_of(current) < number:
        writes.append(Update(CONTROLLER_REVISIONS, {**current, "revision": number}))
    return Revisions(current, old, writes)


def _labelled(revision: Object) -> Update:
    meta = revision["metadata"]
    labels = {**labels_of(revision), REVISION_LABEL: meta["name"]}
    return Update(CONTROLLER_REVISIONS, {**revision, "metadata": {**meta, "labels": labels}})


def _merged(kept: Object, others: Sequence[Object], pods: Sequence[Object]) -> list[Action]:
    """Several revisions of the present template become one: the pods of the others get its label first."""
    if not others:
        return []
    label = labels_of(kept)[REVISION_LABEL]
    relabelled: list[Action] = [
        Patch(PODS, meta["name"], meta["namespace"], {"metadata": {"labels": {REVISION_LABEL: label}}})
        for meta in (pod["metadata"] for pod in pods if labels_of(pod).get(REVISION_LABEL) != label)
    ]
    return [*relabelled, *(_removal(each) for each in others)]


def forgotten(owner: Object, old: Sequence[Object], pods: Sequence[Object]) -> list[Action]:
    """Remove old revisions beyond the limit, oldest first, but none that a pod has."""
    limit = get_path(owner, "spec", "revisionHistoryLimit", default=_LIMIT)
    live = {labels_of(pod).get(REVISION_LABEL) for pod in pods}
    spent = [each for each in history.by_number(old) if labels_of(each).get(REVISION_LABEL) not in live]
    return [_removal(each) for each in spent[: max(0, len(old) - limit)]]


def _removal(revision: Object) -> Remove:
    meta = revision["metadata"]
    return Remove(CONTROLLER_REVISIONS, meta["name"], meta["namespace"], uid=meta["uid"])
