"""Where a volume's data is: defaults and validation of each source of a PersistentVolume.

Source: core defaults and validation of PersistentVolumeSource (meaning, order, words).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import names
from sampan_machinery.problems import forbidden, invalid, required, unsupported
from sampan_machinery.validation import by_rule, validate_driver_name
from sampan_podspec.validation.sources import (
    Check,
    azure_disk,
    fibre_channel,
    flex,
    flocker,
    needs,
    nfs,
    no_steps_back,
    partition,
    persistent_iscsi,
    quobyte,
    with_secret,
)

HOST_PATH_TYPES = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
SECRETS = ("controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef")
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
        if name == "iscsi":
            yield from persistent_iscsi(f"{path}.iscsi", spec[name], volume)
        else:
            yield from CHECKS[name](f"{path}.{_NAMED.get(name, name)}", spec[name])
        if name == "local" and spec.get("nodeAffinity") is None:
            yield required(f"{path}.nodeAffinity", "Local volume requires node affinity")
    if not given:
        yield required(path, "must specify a volume type")


def _host_path(path: str, source: Object) -> Iterator[Problem]:
    yield from _local(path, source)
    kind = source.get("type")
    if source.get("path") and kind is not None and kind not in HOST_PATH_TYPES:
        yield unsupported(f"{path}.type", kind, HOST_PATH_TYPES)


def _local(path: str, source: Object) -> Iterator[Problem]:
    if not source.get("path"):
        yield required(f"{path}.path")
    else:
        yield from no_steps_back(f"{path}.path", source["path"])


def _glusterfs(path: str, source: Object) -> Iterator[Problem]:
    yield from needs("endpoints", "path")(path, source)
    namespace = source.get("endpointsNamespace")
    if namespace == "":
        why = "if the endpointnamespace is set, it must be a valid namespace name"
        yield invalid(f"{path}.endpointsNamespace", namespace, why)
    elif namespace is not None:
        yield from by_rule(f"{path}.endpointsNamespace", namespace, names.dns_label)


def _azure_file(path: str, source: Object) -> Iterator[Problem]:
    yield from needs("secretName", "shareName")(path, source)
    if source.get("secretNamespace") == "":
        yield required(f"{path}.secretNamespace")


def _storage_os(path: str, source: Object) -> Iterator[Problem]:
    yield from needs("volumeName")(path, source)
    for field in ("volumeName", "volumeNamespace"):
        if source.get(field):
            yield from by_rule(f"{path}.{field}", source[field], names.dns_label)


def _csi(path: str, source: Object) -> Iterator[Problem]:
    yield from validate_driver_name(f"{path}.driver", source.get("driver") or "")
    yield from needs("volumeHandle")(path, source)
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
    "gcePersistentDisk": partition("pdName"),
    "awsElasticBlockStore": partition("volumeID"),
    "glusterfs": _glusterfs,
    "flocker": flocker,
    "nfs": nfs,
    "rbd": needs("monitors", "image"),
    "quobyte": quobyte,
    "cephfs": needs("monitors"),
    "iscsi": persistent_iscsi,
    "cinder": with_secret(needs("volumeID"), "name", "namespace"),
    "fc": fibre_channel,
    "flexVolume": flex,
    "azureFile": _azure_file,
    "vsphereVolume": needs("volumePath"),
    "photonPersistentDisk": needs("pdID"),
    "portworxVolume": needs("volumeID"),
    "azureDisk": azure_disk,
    "scaleIO": needs("gateway", "system", "volumeName"),
    "local": _local,
    "storageos": with_secret(_storage_os, "name", "namespace"),
    "csi": _csi,
}
#: Where upstream's paths differ from the field: in the complaint about a second source, and in those about its fields.
_SPELT = {"cephfs": "cephFS"}
_NAMED = {"gcePersistentDisk": "persistentDisk"}
