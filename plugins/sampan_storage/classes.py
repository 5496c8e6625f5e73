"""StorageClass and VolumeAttributesClass: defaults, validation. Source: storage defaults and validation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import names
from sampan_machinery.equality import same
from sampan_machinery.metadata import annotations_of
from sampan_machinery.problems import duplicate, forbidden, invalid, required, too_long, unsupported
from sampan_machinery.validation import IMMUTABLE, by_rule, validate_unique

IS_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
BINDING_MODES = ("Immediate", "WaitForFirstConsumer")
RECLAIM_POLICIES = ("Delete", "Retain")
MOST_PARAMETERS = 512
LARGEST_PARAMETERS = 256 * 1024  # bytes of all keys and values
_FROZEN = ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")


def default_storage_class(obj: Object) -> None:
    if obj.get("reclaimPolicy") is None:
        obj["reclaimPolicy"] = "Delete"
    if obj.get("volumeBindingMode") is None:
        obj["volumeBindingMode"] = "Immediate"


def is_default(storage_class: Object) -> bool:
    annotations = annotations_of(storage_class)
    return any(annotations.get(name) == "true" for name in IS_DEFAULT)


def newest_default(classes: Iterable[Object]) -> Object | None:
    """The default class: of several the newest, then the first by name."""
    marked = [each for each in classes if is_default(each)]
    newest = max((_created(each) for each in marked), default="")
    first = (each for each in marked if _created(each) == newest)
    return min(first, key=lambda each: str(each["metadata"]["name"]), default=None)


def _created(obj: Object) -> str:
    return obj["metadata"].get("creationTimestamp") or ""


def validate_storage_class(new: Object, old: Object | None) -> Iterator[Problem]:
    yield from _driver("provisioner", new.get("provisioner") or "")
    yield from _parameters("parameters", new.get("parameters") or {})
    policy, mode = new.get("reclaimPolicy"), new.get("volumeBindingMode")
    if policy and policy not in RECLAIM_POLICIES:
        yield unsupported("reclaimPolicy", policy, RECLAIM_POLICIES)
    if mode not in BINDING_MODES:
        yield unsupported("volumeBindingMode", mode, BINDING_MODES)
    yield from _topologies("allowedTopologies", new.get("allowedTopologies") or ())
    for name in _FROZEN if old is not None else ():
        if not same(new.get(name), (old or {}).get(name)):
            yield invalid(name, new.get(name) if name != "provisioner" else new.get(name) or "", IMMUTABLE)


def validate_attributes_class(new: Object, old: Object | None) -> Iterator[Problem]:
    if old is not None and (new.get("driverName") or "") != (old.get("driverName") or ""):
        yield forbidden("driverName", "updates to driverName are forbidden.")
    if old is not None and new.get("parameters") != old.get("parameters"):
        yield forbidden("parameters", "updates to parameters are forbidden.")
    yield from _driver("driverName", new.get("driverName") or "")
    parameters = new.get("parameters") or {}
    yield from _parameters("parameters", parameters)
    if not parameters:
        yield required("parameters", "must contain at least one key/value pair")


def _driver(path: str, name: str) -> Iterator[Problem]:
    if not name:
        yield required(path)
    else:
        yield from by_rule(path, name.lower(), names.label_key)


def _parameters(path: str, parameters: Mapping[str, str]) -> Iterator[Problem]:
    if len(parameters) > MOST_PARAMETERS:
        yield too_long(path, MOST_PARAMETERS)
        return
    if "" in parameters:
        yield invalid(path, "", "field can not be empty.")
    if sum(len(key.encode()) + len(value.encode()) for key, value in parameters.items()) > LARGEST_PARAMETERS:
        yield too_long(path, LARGEST_PARAMETERS)


def _topologies(path: str, terms: list[Object] | tuple[Object, ...]) -> Iterator[Problem]:
    """No term twice, no key twice in a term, no value twice for a key."""
    seen: list[dict[str, set[str]]] = []
    for index, term in enumerate(terms):
        found: dict[str, set[str]] = {}
        where = f"{path}[{index}].matchLabelExpressions"
        for place, expression in enumerate(term.get("matchLabelExpressions") or ()):
            key, values = expression.get("key") or "", expression.get("values") or ()
            if not values:
                yield required(f"{where}[{place}].values")
            yield from validate_unique(f"{where}[{place}].values", values)
            yield from by_rule(f"{where}[{place}].key", key, names.label_key)
            if key in found:
                yield duplicate(f"{where}[{place}].key", key)
            found[key] = set(values)
        # sic: upstream compares with as many empty terms, too
        yield from (duplicate(where, "") for other in [*({} for _ in terms), *seen] if other == found)
        seen.append(found)
