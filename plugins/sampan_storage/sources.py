"""Where a volume's data is: defaults and validation of each source of a PersistentVolume.

Source: core defaults and validation of PersistentVolumeSource (meaning, order, words).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import names
from sampan_machinery.problems import forbidden, invalid, required, unsupported
from sampan_machinery.validation import by_rule, validate_driver_name

Check = Callable[[str, Object], Iterator[Problem]]

HOST_PATH_TYPES = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
SECRETS = ("controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef")
_LARGEST_LUN = 255
_LONGEST_TARGET = 64
_IQN = re.compile(r"iqn\.\d{4}-\d{2}\.([A-Za-z0-9-.]+)(:[^,;*&$|\s]+)", re.ASCII)
_EUI = re.compile(r"eui.[A-Za-z0-9]{16}", re.ASCII)
_NAA = re.compile(r"naa.[A-Za-z0-9]{32}", re.ASCII)
_HOST_PORT = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*):[^:\[\]]*")
_PAIRS = "must be a host:port pair or multiple pairs separated by commas"
_LONGEST_TENANT = 64
_NAME_FORMS = {"iqn": _IQN, "eui": _EUI, "naa": _NAA}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "hostPath": {"type": ""},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "iscsi": {"iscsiInterface": "default"},
    "azureDisk": {"cachingMode": "ReadWrite", "fsType": "ext4", "readOnly": False, "kind": "Shared"},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}


def default_source(spec: Object) -> None:
    """What upstream sets in the sources, in place. ``spec`` is a PersistentVolumeSpec."""
    for name, fields in _DEFAULTS.items():
        source = spec.get(name)
        if source is not None:
            source.update((field, value) for field, value in fields.items() if source.get(field) in (None, ""))


def sources_of(spec: Object) -> list[str]:
    """The names of the sources that are set, in upstream's order."""
    return [name for name in CHECKS if spec.get(name) is not None]


def volume_source(path: str, spec: Object, volume: str) -> Iterator[Problem]:
    """Exactly one source, and what it needs. ``volume`` is the volume's name."""
    given = sources_of(spec)
    for index, name in enumerate(given):
        if index and name != "flexVolume":  # sic: upstream lets a FlexVolume follow another one
            yield forbidden(f"{path}.{_SPELT.get(name, name)}", "may not specify more than 1 volume type")
            continue
        yield from CHECKS[name](f"{path}.{_NAMED.get(name, name)}", spec[name])
        if name == "iscsi":
            yield from _target_length(f"{path}.iscsi", spec[name], volume)
        if name == "local" and spec.get("nodeAffinity") is None:
            yield required(f"{path}.nodeAffinity", "Local volume requires node affinity")
    if not given:
        yield required(path, "must specify a volume type")


def _needs(*fields: str) -> Check:
    def check(path: str, source: Object) -> Iterator[Problem]:
        for field in fields:
            if not source.get(field):
                yield required(f"{path}.{field}")

    return check


def _with_secret(check: Check, *fields: str) -> Check:
    """The check, and the fields that a reference to a secret needs."""

    def both(path: str, source: Object) -> Iterator[Problem]:
        yield from check(path, source)
        if source.get("secretRef") is not None:
            yield from _needs(*fields)(f"{path}.secretRef", source["secretRef"])

    return both


def _host_path(path: str, source: Object) -> Iterator[Problem]:
    yield from _local(path, source)
    kind = source.get("type")
    if source.get("path") and kind is not None and kind not in HOST_PATH_TYPES:
        yield unsupported(f"{path}.type", kind, HOST_PATH_TYPES)


def _no_steps_back(path: str, value: str) -> Iterator[Problem]:
    if ".." in value.split("/"):
        yield invalid(path, value, "must not contain '..'")


def _local(path: str, source: Object) -> Iterator[Problem]:
    if not source.get("path"):
        yield required(f"{path}.path")
    else:
        yield from _no_steps_back(f"{path}.path", source["path"])


def _nfs(path: str, source: Object) -> Iterator[Problem]:
    yield from _needs("server", "path")(path, source)
    if not (source.get("path") or "").startswith("/"):
        yield invalid(f"{path}.path", source.get("path") or "", "must be an absolute path")


def _partition(identifier: str) -> Check:
    def check(path: str, source: Object) -> Iterator[Problem]:
        yield from _needs(identifier)(path, source)
        number = source.get("partition") or 0
        if not 0 <= number <= _LARGEST_LUN:
            yield invalid(f"{path}.partition", number, names.between(1, _LARGEST_LUN))

    return check


def _glusterfs(path: str, source: Object) -> Iterator[Problem]:
    yield from _needs("endpoints", "path")(path, source)
    namespace = source.get("endpointsNamespace")
    if namespace == "":
        why = "if the endpointnamespace is set, it must be a valid namespace name"
        yield invalid(f"{path}.endpointsNamespace", namespace, why)
    elif namespace is not None:
        yield from by_rule(f"{path}.endpointsNamespace", namespace, names.dns_label)


def _flocker(path: str, source: Object) -> Iterator[Problem]:
    name, uuid = source.get("datasetName") or "", source.get("datasetUUID") or ""
    if not name and not uuid:
        yield required(path, "one of datasetName and datasetUUID is required")
    if name and uuid:
        yield invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously")
    if "/" in name:
        yield invalid(f"{path}.datasetName", name, "must not contain '/'")


def _quobyte(path: str, source: Object) -> Iterator[Problem]:
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


def _iscsi(path: str, source: Object) -> Iterator[Problem]:
    yield from _needs("targetPortal")(path, source)
    if not source.get("iqn"):
        yield required(f"{path}.iqn")
    else:
        yield from _initiator(f"{path}.iqn", source["iqn"])
    yield from _lun(f"{path}.lun", source.get("lun") or 0)
    secret = source.get("secretRef")
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and secret is None:
        yield required(f"{path}.secretRef")
    if secret is not None:
        yield from _needs("name")(f"{path}.secretRef", secret)
    if source.get("initiatorName") is not None:
        yield from _initiator(f"{path}.initiatorname", source["initiatorName"])


def _target_length(path: str, source: Object, volume: str) -> Iterator[Problem]:
    target = source.get("targetPortal") or ""
    if source.get("initiatorName") is not None and len(f"{volume}:{target}") > _LONGEST_TARGET:
        why = (
            "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters "
            "if iscsi.initiatorName is specified."
        )
        yield invalid(f"{path}.targetportal", target, why)


def _initiator(path: str, name: str) -> Iterator[Problem]:
    form = _NAME_FORMS.get(name[:3])
    if form is None or not form.fullmatch(name):
        yield invalid(path, name, "must be valid format")


def _lun(path: str, number: int) -> Iterator[Problem]:
    if not 0 <= number <= _LARGEST_LUN:
        yield invalid(path, number, names.between(0, _LARGEST_LUN))


def _fc(path: str, source: Object) -> Iterator[Problem]:
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


def _flex(path: str, source: Object) -> Iterator[Problem]:
    yield from _needs("driver")(path, source)
    for key in sorted(source.get("options") or {}):
        domain = "." + key.partition("/")[0].lower()
        if domain.endswith((".kubernetes.io", ".k8s.io")):
            yield invalid(f"{path}.options[{key}]", key, "kubernetes.io and k8s.io namespaces are reserved")


def _azure_file(path: str, source: Object) -> Iterator[Problem]:
    yield from _needs("secretName", "shareName")(path, source)
    if source.get("secretNamespace") == "":
        yield required(f"{path}.secretNamespace")


def _azure_disk(path: str, source: Object) -> Iterator[Problem]:
    caching, kind, uri = ("None", "ReadOnly", "ReadWrite"), ("Dedicated", "Managed", "Shared"), source.get("diskURI")
    yield from _needs("diskName", "diskURI")(path, source)
    for field, known in (("cachingMode", caching), ("kind", kind)):
        if source.get(field) is not None and source[field] not in known:
            yield unsupported(f"{path}.{field}", source[field], known)
    managed = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
    blob = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
    if source.get("kind") == "Managed" and not (uri or "").startswith("/subscriptions/"):
        yield unsupported(f"{path}.diskURI", uri or "", [managed])
    elif source.get("kind") not in (None, "Managed") and not (uri or "").startswith("https://"):
        yield unsupported(f"{path}.diskURI", uri or "", [blob])


def _storage_os(path: str, source: Object) -> Iterator[Problem]:
    yield from _needs("volumeName")(path, source)
    for field in ("volumeName", "volumeNamespace"):
        if source.get(field):
            yield from by_rule(f"{path}.{field}", source[field], names.dns_label)


def _csi(path: str, source: Object) -> Iterator[Problem]:
    yield from validate_driver_name(f"{path}.driver", source.get("driver") or "")
    yield from _needs("volumeHandle")(path, source)
    for field in SECRETS:
        if (secret := source.get(field)) is not None:
            yield from _secret(f"{path}.{field}", secret)


def _secret(path: str, secret: Object) -> Iterator[Problem]:
    for field, rule in (("name", names.dns_subdomain), ("namespace", names.dns_label)):
        if not secret.get(field):
            yield required(f"{path}.{field}")
        else:
            yield from by_rule(f"{path}.{field}", secret[field], rule)


#: In upstream's order, which is that of the problems.
CHECKS: dict[str, Check] = {
    "hostPath": _host_path,
    "gcePersistentDisk": _partition("pdName"),
    "awsElasticBlockStore": _partition("volumeID"),
    "glusterfs": _glusterfs,
    "flocker": _flocker,
    "nfs": _nfs,
    "rbd": _needs("monitors", "image"),
    "quobyte": _quobyte,
    "cephfs": _needs("monitors"),
    "iscsi": _iscsi,
    "cinder": _with_secret(_needs("volumeID"), "name", "namespace"),
    "fc": _fc,
    "flexVolume": _flex,
    "azureFile": _azure_file,
    "vsphereVolume": _needs("volumePath"),
    "photonPersistentDisk": _needs("pdID"),
    "portworxVolume": _needs("volumeID"),
    "azureDisk": _azure_disk,
    "scaleIO": _needs("gateway", "system", "volumeName"),
    "local": _local,
    "storageos": _with_secret(_storage_os, "name", "namespace"),
    "csi": _csi,
}
#: Where upstream's paths differ from the field: in the complaint about a second source, and in those about its fields.
_SPELT = {"cephfs": "cephFS"}
_NAMED = {"gcePersistentDisk": "persistentDisk"}
