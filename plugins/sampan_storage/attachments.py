"""VolumeAttachment: a volume that shall be attached to a node, and how that went. Source: storage validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import names
from sampan_machinery.equality import same
from sampan_machinery.problems import forbidden, invalid, required, too_long
from sampan_machinery.validation import IMMUTABLE, by_rule, validate_driver_name
from sampan_storage.sources import default_source
from sampan_storage.volumes import volume_spec

LARGEST_METADATA = 256 * 1024  # bytes of all keys and values
LONGEST_MESSAGE = 1024
_ONE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"


def default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    obj.setdefault("status", {})
    inline = (spec.get("source") or {}).get("inlineVolumeSpec")
    if inline is not None:
        default_source(inline)


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    spec, status = new.get("spec") or {}, new.get("status") or {}
    yield from validate_driver_name("spec.attacher", spec.get("attacher") or "")
    yield from _source("spec.source", spec.get("source") or {})
    yield from by_rule("spec.nodeName", spec.get("nodeName") or "", names.dns_subdomain)
    yield from _size("status.attachmentMetadata", status.get("attachmentMetadata") or {})
    for name in ("attachError", "detachError"):
        yield from _error(f"status.{name}", status.get(name) or {})
    if (volume := (spec.get("source") or {}).get("persistentVolumeName")) is not None:
        yield from by_rule("spec.source.persistentVolumeName", volume, names.dns_subdomain)
    if old is not None and not same(spec, old.get("spec")):
        yield invalid("spec", spec, IMMUTABLE)


def _source(path: str, source: Object) -> Iterator[Problem]:
    inline, volume = source.get("inlineVolumeSpec"), source.get("persistentVolumeName")
    if inline is None and volume is None:
        yield required(path, _ONE)
    elif inline is not None and volume is not None:
        yield forbidden(path, _ONE)
    elif volume == "":
        yield required(f"{path}.persistentVolumeName", "must specify non empty persistentVolumeName")
    elif inline is not None:
        yield from volume_spec(f"{path}.inlineVolumeSpec", inline, "", inline=True)


def _size(path: str, metadata: Mapping[str, str]) -> Iterator[Problem]:
    if sum(len(key.encode()) + len(value.encode()) for key, value in metadata.items()) > LARGEST_METADATA:
        yield too_long(path, LARGEST_METADATA)


def _error(path: str, error: Object) -> Iterator[Problem]:
    if len((error.get("message") or "").encode()) > LONGEST_MESSAGE:
        yield too_long(f"{path}.message", LARGEST_METADATA)  # sic: upstream names the other limit
    if (code := error.get("errorCode")) is not None and code < 0:
        yield invalid(f"{path}.errorCode", code, names.between(0, 2**31 - 1))
