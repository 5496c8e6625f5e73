"""Sources of volumes that a pod and a PersistentVolume have in common: what each needs.

Source: core validation of VolumeSource and PersistentVolumeSource (meaning, order, words).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import names
from sampan_machinery.problems import invalid, required, unsupported

Object = dict[str, Any]
Check = Callable[[str, Object], Iterator[Problem]]

_LARGEST_LUN = 255
_LONGEST_TARGET = 64  # bytes
_IQN = re.compile(r"iqn\.\d{4}-\d{2}\.([A-Za-z0-9-.]+)(:[^,;*&$|\s]+)", re.ASCII)
_EUI = re.compile(r"eui.[A-Za-z0-9]{16}", re.ASCII)
_NAA = re.compile(r"naa.[A-Za-z0-9]{32}", re.ASCII)
_HOST_PORT = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*):[^:\[\]]*")
_PAIRS = "must be a host:port pair or multiple pairs separated by commas"
_LONGEST_TENANT = 64
_NAME_FORMS = {"iqn": _IQN, "eui": _EUI, "naa": _NAA}
_FORM = "must be valid format"
_STARTS = f"{_FORM} starting with iqn, eui, or naa"
_LONG_NAME = (
    "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters "
    "if iscsi.initiatorName is specified."
)


def needs(*fields: str) -> Check:
    def check(path: str, source: Object) -> Iterator[Problem]:
        for field in fields:
            if not source.get(field):
                yield required(f"{path}.{field}")

    return check


def with_secret(check: Check, *fields: str) -> Check:
    """The check, and the fields that a reference to a secret needs."""

    def both(path: str, source: Object) -> Iterator[Problem]:
        yield from check(path, source)
        if source.get("secretRef") is not None:
            yield from needs(*fields)(f"{path}.secretRef", source["secretRef"])

    return both


def no_steps_back(path: str, value: str) -> Iterator[Problem]:
    if ".." in value.split("/"):
        yield invalid(path, value, "must not contain '..'")


def nfs(path: str, source: Object) -> Iterator[Problem]:
    yield from needs("server", "path")(path, source)
    if not (source.get("path") or "").startswith("/"):
        yield invalid(f"{path}.path", source.get("path") or "", "must be an absolute path")


def partition(identifier: str) -> Check:
    def check(path: str, source: Object) -> Iterator[Problem]:
        yield from needs(identifier)(path, source)
        number = source.get("partition") or 0
        if not 0 <= number <= _LARGEST_LUN:
            yield invalid(f"{path}.partition", number, names.between(1, _LARGEST_LUN))

    return check


def flocker(path: str, source: Object) -> Iterator[Problem]:
    name, uuid = source.get("datasetName") or "", source.get("datasetUUID") or ""
    if not name and not uuid:
        yield required(path, "one of datasetName and datasetUUID is required")
    if name and uuid:
        yield invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously")
    if "/" in name:
        yield invalid(f"{path}.datasetName", name, "must not contain '/'")


def quobyte(path: str, source: Object) -> Iterator[Problem]:
    registry = source.get("registry") or ""
    if not registry:
        yield required(f"{path}.registry", _PAIRS)
    elif len(source.get("tenant") or "") > _LONGEST_TENANT:
        yield required(f"{path}.tenant", "must be a UUID and may not exceed a length of 64 characters")
    else:
        wrong = [pair for pair in registry.split(",") if not _HOST_PORT.fullmatch(pair)]
        yield from (invalid(f"{path}.registry", registry, _PAIRS) for _ in wrong)
    if not source.get("volume"):
        yield required(f"{path}.volume")


def iscsi(path: str, source: Object) -> Iterator[Problem]:
    """Of a pod."""
    yield from needs("targetPortal")(path, source)
    yield from _target(path, source)
    if source.get("initiatorName") is not None:
        yield from _initiator(f"{path}.initiatorname", source["initiatorName"], _STARTS)


def target_length(path: str, source: Object, volume: str) -> Iterator[Problem]:
    """``path`` is that of the pod's volume."""
    if _is_long(source, volume):
        yield invalid(f"{path}.name", volume, _LONG_NAME)


def persistent_iscsi(path: str, source: Object, volume: str = "") -> Iterator[Problem]:
    """Of a PersistentVolume, which is looked at a little differently. ``volume`` is its name."""
    yield from needs("targetPortal")(path, source)
    if _is_long(source, volume):
        yield invalid(f"{path}.targetportal", source.get("targetPortal") or "", _LONG_NAME)
    yield from _target(path, source, unknown=_FORM)
    if source.get("secretRef") is not None:
        yield from needs("name")(f"{path}.secretRef", source["secretRef"])
    if source.get("initiatorName") is not None:
        yield from _initiator(f"{path}.initiatorname", source["initiatorName"], _FORM)


def _target(path: str, source: Object, *, unknown: str = _STARTS) -> Iterator[Problem]:
    if not source.get("iqn"):
        yield required(f"{path}.iqn")
    else:
        yield from _initiator(f"{path}.iqn", source["iqn"], unknown)
    yield from _lun(f"{path}.lun", source.get("lun") or 0)
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and source.get("secretRef") is None:
        yield required(f"{path}.secretRef")


def _is_long(source: Object, volume: str) -> bool:
    target = source.get("targetPortal") or ""
    return (
        source.get("initiatorName") is not None
        and len(f"{volume}:{target}".encode("utf-8", "surrogatepass")) > _LONGEST_TARGET
    )


def _initiator(path: str, name: str, unknown: str) -> Iterator[Problem]:
    """``unknown``: what is said of a name of no known form."""
    form = _NAME_FORMS.get(name[:3])
    if form is None:
        yield invalid(path, name, unknown)
    elif not form.fullmatch(name):
        yield invalid(path, name, _FORM)


def _lun(path: str, number: int) -> Iterator[Problem]:
    if not 0 <= number <= _LARGEST_LUN:
        yield invalid(path, number, names.between(0, _LARGEST_LUN))


def fibre_channel(path: str, source: Object) -> Iterator[Problem]:
    targets, ids = source.get("targetWWNs"), source.get("wwids")
    if not targets and not ids:
        yield required(f"{path}.targetWWNs", "must specify either targetWWNs or wwids, but not both")
    if targets and ids:
        why = "targetWWNs and wwids can not be specified simultaneously"
        yield invalid(f"{path}.targetWWNs", targets, why)
    if targets and source.get("lun") is None:
        yield required(f"{path}.lun", "lun is required if targetWWNs is specified")
    elif targets:
        yield from _lun(f"{path}.lun", source["lun"])


def flex(path: str, source: Object) -> Iterator[Problem]:
    yield from needs("driver")(path, source)
    for key in sorted(source.get("options") or {}):
        domain = "." + key.partition("/")[0].lower()
        if domain.endswith((".kubernetes.io", ".k8s.io")):
            yield invalid(f"{path}.options[{key}]", key, "kubernetes.io and k8s.io namespaces are reserved")


def azure_disk(path: str, source: Object) -> Iterator[Problem]:
    caching, kind, uri = ("None", "ReadOnly", "ReadWrite"), ("Dedicated", "Managed", "Shared"), source.get("diskURI")
    yield from needs("diskName", "diskURI")(path, source)
    for field, known in (("cachingMode", caching), ("kind", kind)):
        if source.get(field) is not None and source[field] not in known:
            yield unsupported(f"{path}.{field}", source[field], known)
    managed = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
    blob = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
    if source.get("kind") == "Managed" and not (uri or "").startswith("/subscriptions/"):
        yield unsupported(f"{path}.diskURI", uri or "", [managed])
    elif source.get("kind") not in (None, "Managed") and not (uri or "").startswith("https://"):
        yield unsupported(f"{path}.diskURI", uri or "", [blob])
