"""What a CustomResourceDefinition says, read from the dict; and its conditions. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object

FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
NAMES_ACCEPTED, ESTABLISHED, TERMINATING = "NamesAccepted", "Established", "Terminating"
NON_STRUCTURAL, APPROVED = "NonStructuralSchema", "KubernetesAPIApprovalPolicyConformant"


def group_of(crd: Object) -> str:
    return str(crd["spec"].get("group") or "")


def names_of(crd: Object) -> Mapping[str, Any]:
    found: Mapping[str, Any] = crd["spec"].get("names") or {}
    return found


def versions_of(crd: Object) -> Sequence[Object]:
    found: Sequence[Object] = crd["spec"].get("versions") or ()
    return found


def storage_of(crd: Object) -> str:
    """The name of the version that objects are stored in, "" where the definition names none."""
    return next((str(each.get("name") or "") for each in versions_of(crd) if each.get("storage")), "")


def schema_of(version: Object) -> Object | None:
    """The schema of one version."""
    found: Object | None = (version.get("schema") or {}).get("openAPIV3Schema")
    return found


def is_namespaced(crd: Object) -> bool:
    return bool(crd["spec"].get("scope") == "Namespaced")


def accepted_of(crd: Object) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (crd.get("status") or {}).get("acceptedNames") or {}
    return found


def stored_versions(crd: Object) -> Sequence[str]:
    return (crd.get("status") or {}).get("storedVersions") or ()


def is_deleting(crd: Object) -> bool:
    return bool(crd["metadata"].get("deletionTimestamp"))


def condition(crd: Object, type_: str) -> Object | None:
    conditions = (crd.get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each.get("type") == type_), None)


def is_true(crd: Object, type_: str) -> bool:
    found = condition(crd, type_)
    return found is not None and found.get("status") == "True"


def set_condition(crd: Object, wanted: Object, now: str) -> None:
    """Add or replace a condition; its time changes with its status alone. Changes ``crd``."""
    status = crd.setdefault("status", {})
    conditions = status["conditions"] = list(status.get("conditions") or ())
    for place, each in enumerate(conditions):
        if each.get("type") == wanted["type"]:
            same = each.get("status") == wanted["status"] and each.get("lastTransitionTime")
            conditions[place] = {**each, **wanted, "lastTransitionTime": each["lastTransitionTime"] if same else now}
            return
    conditions.append({**wanted, "lastTransitionTime": now})


def remove_condition(crd: Object, type_: str) -> None:
    status = crd.get("status") or {}
    if condition(crd, type_) is not None:
        status["conditions"] = [each for each in status["conditions"] if each.get("type") != type_]


def says(crd: Object, wanted: Object) -> bool:
    """Whether a condition is there already, its time apart."""
    found = condition(crd, wanted["type"])
    return found is not None and all(found.get(name) == value for name, value in wanted.items())
