"""Validation of a whole definition: what its parts must be together, and what an update may not change."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.kinds import Object, Problem
from sampan_crds.approval import ANNOTATION, approval_of, is_protected
from sampan_crds.definitions import ESTABLISHED, group_of, is_true, names_of, stored_versions, versions_of
from sampan_crds.validation.naming import check_names
from sampan_crds.validation.spec import check_spec
from sampan_machinery import problems
from sampan_machinery.validation import validate_immutable


def problems_of(new: Object, old: Object | None) -> Iterator[Problem]:
    """Everything wrong with a definition; a spec that did not change is not judged again."""
    if old is None:
        yield from _check_name(new)
    if old is None or new["spec"] != old["spec"]:
        yield from check_spec(new, old)
        if old is not None:
            yield from _check_unchanged(new, old)
    status = new.get("status") or {}
    yield from check_names(status.get("acceptedNames") or {}, "status.acceptedNames")
    if old is None or new["spec"] != old["spec"]:
        yield from _check_stored(new)
    yield from _check_approval(new, old)


def _check_name(crd: Object) -> Iterator[Problem]:
    name = crd["metadata"].get("name") or ""
    if name and name != f"{names_of(crd).get('plural') or ''}.{group_of(crd)}":
        yield problems.invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')


def _check_unchanged(new: Object, old: Object) -> Iterator[Problem]:
    now, before = names_of(new), names_of(old)
    if is_true(old, ESTABLISHED):
        yield from validate_immutable("spec.scope", new["spec"].get("scope"), old["spec"].get("scope"))
        yield from validate_immutable("spec.names.kind", now.get("kind"), before.get("kind"))
    yield from validate_immutable("spec.group", group_of(new), group_of(old))
    yield from validate_immutable("spec.names.plural", now.get("plural"), before.get("plural"))


def _check_stored(crd: Object) -> Iterator[Problem]:
    """A version that objects are stored in cannot go."""
    path, stored = "status.storedVersions", list(stored_versions(crd))
    if not stored:
        yield problems.invalid(path, stored, "must have at least one stored version")
        return
    present = [str(each.get("name")) for each in versions_of(crd)]
    left = set(stored)
    for version in versions_of(crd):
        if version.get("storage") and version.get("name") not in left:
            yield problems.invalid(path, stored, f"must have the storage version {version.get('name')}")
        left.discard(str(version.get("name")))  # one of the name alone counts, as upstream has it
    for index, name in enumerate(stored):
        if name not in present:
            detail = (
                f"missing from spec.versions; {name} was previously a storage version, and must remain in "
                f"spec.versions until a storage migration ensures no data remains persisted in {name} and removes "
                f"{name} from status.storedVersions"
            )
            yield problems.invalid(f"{path}[{index}]", name, detail)


def _check_approval(new: Object, old: Object | None) -> Iterator[Problem]:
    if not is_protected(group_of(new)):
        return
    state, why = approval_of(new)
    if state not in ("Invalid", "Missing") or (old is not None and approval_of(old).state == state):
        return
    path = f"metadata.annotations[{ANNOTATION}]"
    if state == "Missing":
        yield problems.required(path, why)
    else:
        yield problems.invalid(path, new["metadata"]["annotations"][ANNOTATION], why)
