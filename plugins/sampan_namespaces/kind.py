"""The kind Namespace: what it gets when it is created, what may change, how it is deleted.

Source: API reference core/v1 Namespace; its finalizers stand in spec, not in metadata, and only /finalize changes them.
"""

from __future__ import annotations

from collections.abc import Iterable

from sampan.contracts.kinds import Column, Draft, Kind, Object, Problem
from sampan.contracts.serving import Subresource
from sampan_machinery import names, problems
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.validation import by_rule
from sampan_namespaces.resources import FINALIZER

NAME_LABEL = "kubernetes.io/metadata.name"

_STANDARD = ("kubernetes", "orphan", "foregroundDeletion")


def phase(namespace: Object) -> str:
    return str((namespace.get("status") or {}).get("phase") or "")


def default(namespace: Object) -> None:
    """Every namespace carries its own name as a label, so that selectors can pick it."""
    metadata = namespace.setdefault("metadata", {})
    if metadata.get("name"):
        metadata.setdefault("labels", {})[NAME_LABEL] = metadata["name"]


def prepare(draft: Draft) -> None:
    """A creator sets neither phase nor fewer finalizers than ours; a plain update changes neither."""
    namespace, old = draft.object, draft.old
    if old is None:
        finalizers = (namespace.get("spec") or {}).get("finalizers") or []
        namespace["spec"] = {"finalizers": [*finalizers, *([] if FINALIZER in finalizers else [FINALIZER])]}
        namespace["status"] = {"phase": "Active"}
    elif draft.subresource != "finalize":
        namespace["spec"] = dict(old.get("spec") or {})
        if draft.subresource == "status":
            _check_phase(namespace, old)


def _check_phase(namespace: Object, old: Object) -> None:
    """Terminating belongs to a deletion and Active to the rest; raises Invalid."""
    deleting = bool(old["metadata"].get("deletionTimestamp"))
    wanted, when = ("Terminating", "is not empty") if deleting else ("Active", "is empty")
    if phase(namespace) != wanted:
        why = f"may only be '{wanted}' if `deletionTimestamp` {when}"
        found = [problems.invalid("status.Phase", phase(namespace), why)]
        raise problems.as_error(found, group="", kind="Namespace", name=old["metadata"]["name"])


def validate(namespace: Object, old: Object | None) -> Iterable[Problem]:
    for index, finalizer in enumerate((namespace.get("spec") or {}).get("finalizers") or []):
        path = "spec.finalizers" if old is None else f"spec.finalizers[{index}]"  # sic
        yield from by_rule(path, finalizer, names.label_key)
        if "/" not in finalizer and finalizer not in _STANDARD:
            why = "name is neither a standard finalizer name nor is it fully qualified"
            yield problems.invalid(path, finalizer, why)


def held(namespace: Object) -> bool:
    return bool((namespace.get("spec") or {}).get("finalizers"))


def terminate(namespace: Object) -> None:
    namespace.setdefault("status", {})["phase"] = "Terminating"
    namespace["metadata"].pop("deletionGracePeriodSeconds", None)  # it ends when it is empty, after no period


def finalize(current: Object, submitted: Object) -> Object:
    """What /finalize stores: the current object with the submitted spec.finalizers."""
    return {**current, "spec": {"finalizers": list((submitted.get("spec") or {}).get("finalizers") or [])}}


NAMESPACE = Kind(
    group="",
    version="v1",
    kind="Namespace",
    plural="namespaces",
    short_names=("ns",),
    namespaced=False,
    shown_deleted=True,
    verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
    columns=(
        NAME,
        Column("Status", phase, description="Active, or Terminating while its content is deleted"),
        AGE,
    ),
    status=True,
    status_on_create=True,
    subresources=(Subresource(name="finalize", kind="Namespace", verbs=("update",), merge=finalize),),
    fields={"status.phase": phase},
    default=default,
    prepare=prepare,
    validate=validate,
    name_rule="label",
    held=held,
    terminate=terminate,
)
