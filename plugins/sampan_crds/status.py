"""What the status of a definition says once this server serves it, or cannot. Pure.

Source: apiextensions-apiserver, pkg/controller/{status,establish,nonstructuralschema,apiapproval}.
"""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_crds import approval
from sampan_crds.definitions import (
    ESTABLISHED,
    NON_STRUCTURAL,
    accepted_of,
    condition,
    is_true,
    remove_condition,
    says,
    set_condition,
)
from sampan_crds.names import Naming

_NOT_ACCEPTED = {
    "type": ESTABLISHED, "status": "False", "reason": "NotAccepted", "message": "not all names are accepted",
}  # fmt: skip
_INSTALLING = {
    "type": ESTABLISHED, "status": "False", "reason": "Installing", "message": "the initial names have been accepted",
}  # fmt: skip
_ESTABLISHED = {**_INSTALLING, "status": "True", "reason": "InitialNamesAccepted"}


def decide(crd: Object, naming: Naming, *, is_served: bool, wrong: str, now: str) -> Object | None:
    """The definition with its new status; None where that says so already. ``wrong``: why it is not served, a sentence.
    May change ``crd``."""
    wanted = [each for each in (naming.condition, _established(crd, naming, wrong, is_served=is_served)) if each]
    if (approved := approval.condition_of(crd)) is not None:
        wanted.append(approved)
    unstructured = {"type": NON_STRUCTURAL, "status": "True", "reason": "Violations", "message": wrong}
    if wrong and not is_served and naming.is_good:
        wanted.append(unstructured)
    stale = not wrong and condition(crd, NON_STRUCTURAL) is not None
    wanted = [each for each in wanted if not says(crd, each)]
    names = dict(naming.accepted)
    if not wanted and not stale and names == {word: value for word, value in accepted_of(crd).items() if value}:
        return None
    for each in wanted:
        set_condition(crd, each, now)
    if stale:
        remove_condition(crd, NON_STRUCTURAL)
    crd["status"]["acceptedNames"] = names
    return crd


def _established(crd: Object, naming: Naming, wrong: str, *, is_served: bool) -> Object | None:
    if is_true(crd, ESTABLISHED):
        return None
    if not naming.is_good:
        return _NOT_ACCEPTED if condition(crd, ESTABLISHED) is None else None
    if is_served:
        return _ESTABLISHED
    return {**_INSTALLING, "message": wrong} if wrong else _INSTALLING
