"""The spec of a definition: group, scope, names, and what its versions must be together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sampan.contracts.kinds import Object, Problem
from sampan_crds.definitions import ESTABLISHED, group_of, is_true, names_of, schema_of, versions_of
from sampan_crds.validation.conversion import check_conversion
from sampan_crds.validation.naming import check_names
from sampan_crds.validation.versions import check_shared, check_version, divided
from sampan_machinery import names, problems

_PRESERVE = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"


def check_spec(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new["spec"]
    yield from _check_group(group_of(new))
    yield from check_enum("spec.scope", str(spec.get("scope") or ""), ("Cluster", "Namespaced"))
    shared, versions = divided(versions_of(new))
    if schema_of(shared) is None:
        for index, version in enumerate(versions):
            if schema_of(version) is None:
                yield problems.required(f"spec.versions[{index}].schema.openAPIV3Schema")
    former = {each.get("name"): each for each in versions_of(old)} if old is not None else {}
    for index, version in enumerate(versions):
        path = f"spec.versions[{index}]"
        if wrong := names.dns_label_1035(str(version.get("name") or "")):
            yield problems.invalid(f"{path}.name", version.get("name") or "", ",".join(wrong))
        has_status = _has_status(shared) or _has_status(version)
        yield from check_version(version, path, former.get(version.get("name")), has_status=has_status)
    yield from _check_together(versions_of(new))
    first_name = str(versions[0].get("name") or "") if versions else ""
    if first_name and (wrong := names.dns_label_1035(first_name)):  # upstream's internal type has it once more
        yield problems.invalid("spec.version", first_name, ",".join(wrong))
    yield from _check_needed(new)
    yield from check_names(names_of(new), "spec.names")
    has_status = any(map(_has_status, [shared, *versions]))
    first = former.get(versions[0].get("name")) if versions else None
    yield from check_shared(shared, first, has_status=has_status)
    established = old is not None and is_true(old, ESTABLISHED)
    before = old["spec"].get("conversion") if old is not None and established else None
    yield from check_conversion(spec.get("conversion"), "spec.conversion", before, strict=established)
    if spec.get("preserveUnknownFields") and not (old is not None and old["spec"].get("preserveUnknownFields")):
        yield problems.invalid("spec.preserveUnknownFields", True, _PRESERVE)


def _has_status(version: Object) -> bool:
    return (version.get("subresources") or {}).get("status") is not None


def check_enum(path: str, value: str, accepted: Sequence[str]) -> Iterator[Problem]:
    if not value:
        yield problems.required(path)
    elif value not in accepted:
        yield problems.unsupported(path, value, accepted)


def _check_group(group: str) -> Iterator[Problem]:
    if not group:
        yield problems.required("spec.group")
    elif wrong := names.dns_subdomain(group):
        yield problems.invalid("spec.group", group, ",".join(wrong))
    elif "." not in group:
        yield problems.invalid("spec.group", group, "should be a domain with at least one dot")


def _check_together(versions: Sequence[Object]) -> Iterator[Problem]:
    found = [str(each.get("name")) for each in versions]
    if len(set(found)) < len(found):
        yield problems.invalid("spec.versions", list(versions), "must contain unique version names")
    if sum(1 for each in versions if each.get("storage")) != 1:
        detail = "must have exactly one version marked as storage version"
        yield problems.invalid("spec.versions", list(versions), detail)


def _check_needed(crd: Object) -> Iterator[Problem]:
    for name in ("plural", "singular", "kind", "listKind"):
        if not names_of(crd).get(name):
            yield problems.required(f"spec.names.{name}")
