"""The kind CustomResourceDefinition. Source: API reference apiextensions.k8s.io/v1; apiextensions-apiserver, v1
defaults and the strategy of customresourcedefinition.
"""

from __future__ import annotations

from collections.abc import Iterable

from sampan.contracts.kinds import Draft, Kind, Object, Problem
from sampan_crds.definitions import FINALIZER, TERMINATING, is_deleting, set_condition, storage_of
from sampan_crds.definitions import versions_of as versions
from sampan_crds.tidying import tidied
from sampan_machinery.columns import CREATED_AT, NAME
from sampan_machinery.resources import CUSTOM_RESOURCE_DEFINITIONS


def default(obj: Object) -> None:
    spec = obj["spec"] = obj.get("spec") or {}
    names = spec.get("names") or {}
    if kind := str(names.get("kind") or ""):
        names["singular"] = names.get("singular") or kind.lower()
        names["listKind"] = names.get("listKind") or f"{kind}List"
    if spec.get("conversion") is None:
        spec["conversion"] = {"strategy": "None"}
    service = ((spec["conversion"].get("webhook") or {}).get("clientConfig") or {}).get("service")
    if service is not None and service.get("port") is None:
        service["port"] = 443
    _remember_storage(obj)


def _remember_storage(obj: Object) -> None:
    """The storage version is among those that objects may be stored in."""
    if not (version := storage_of(obj)):
        return
    status = obj.setdefault("status", {})
    if not status.get("storedVersions"):
        status["storedVersions"] = [version]


def prepare(draft: Draft) -> None:
    obj = draft.object
    if draft.subresource:
        return
    for version in versions(obj):
        if isinstance(schema := version.get("schema"), dict) and "openAPIV3Schema" in schema:
            schema["openAPIV3Schema"] = tidied(schema["openAPIV3Schema"])
    status, storage = obj.setdefault("status", {}), storage_of(obj)
    stored = status.get("storedVersions") or ()
    if storage and storage not in stored:
        status["storedVersions"] = [*stored, storage]


def validate(new: Object, old: Object | None) -> Iterable[Problem]:
    from sampan_crds.validation import problems_of  # only where definitions are written

    return problems_of(new, old)


def terminate(obj: Object) -> None:
    """The finalizer is added when deletion begins, so that instances are removed first."""
    meta = obj["metadata"]
    meta.pop("deletionGracePeriodSeconds", None)  # upstream marks definitions by code of their own, without these two
    if meta.get("generation"):
        meta["generation"] -= 1
    if FINALIZER not in (meta.get("finalizers") or ()):
        meta["finalizers"] = [*(meta.get("finalizers") or ()), FINALIZER]
    wanted = {
        "type": TERMINATING, "status": "True", "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    }  # fmt: skip
    set_condition(obj, wanted, str(meta["deletionTimestamp"]))


CUSTOM_RESOURCE_DEFINITION = Kind(
    **CUSTOM_RESOURCE_DEFINITIONS._asdict(),
    short_names=("crd", "crds"),
    categories=("api-extensions",),
    columns=(NAME, CREATED_AT),
    status=True,
    generation=True,
    has_expressions=True,
    unconditional_update=False,
    any_finalizer=True,
    default=default,
    prepare=prepare,
    validate=validate,
    held=lambda obj: not is_deleting(obj),
    terminate=terminate,
    propagation="",  # upstream marks definitions by code of their own, which asks for none
)
