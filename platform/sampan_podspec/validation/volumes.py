"""Volumes: unique names, exactly one source each, and what each source needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import names, problems
from sampan_machinery.validation import by_rule, validate_driver_name, validate_local_path, validate_quantity
from sampan_podspec.validation import sources
from sampan_podspec.validation.claims import claim_spec
from sampan_podspec.validation.environment import ENV_FIELDS, field_ref, resource_ref

HOST_PATH_TYPES = ("", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
#: Pod fields for downward API files: as for variables, without addresses and values known only after scheduling.
FILE_FIELDS = frozenset(ENV_FIELDS - {field for field in ENV_FIELDS if field.startswith(("status.", "spec."))}) | {
    "metadata.labels",
    "metadata.annotations",
}
MODE_RULE = "must be a number between 0 and 0777 (octal), both inclusive"
SHORTEST_TOKEN = 600
LONGEST_TOKEN = 2**32


def all_volumes(path: str, volumes: list[dict[str, Any]]) -> Iterator[Problem]:
    taken = set()
    for index, volume in enumerate(volumes):
        name = volume.get("name") or ""
        found = list(_source(f"{path}[{index}]", volume, name))
        found += by_rule(f"{path}[{index}].name", name, names.dns_label) if name else ()
        if not name:
            found.append(problems.required(f"{path}[{index}].name"))
        if name in taken:
            found.append(problems.duplicate(f"{path}[{index}].name", name))
        if not found:
            taken.add(name)
        yield from found


def _source(path: str, volume: dict[str, Any], name: str) -> Iterator[Problem]:
    """Exactly one source, and what it needs. ``name`` is the volume's."""
    given = [source for source in _CHECKS if volume.get(source) is not None]
    if not given:
        yield problems.required(path, "must specify a volume type")
    for index, source in enumerate(given):
        if index:
            yield problems.forbidden(f"{path}.{_SPELT.get(source, source)}", "may not specify more than 1 volume type")
        else:
            yield from _CHECKS[source](f"{path}.{_NAMED.get(source, source)}", volume[source])
        if source == "iscsi":
            yield from sources.target_length(path, volume[source], name)


def _config_map(path: str, source: dict[str, Any]) -> Iterator[Problem]:
    if not source.get("name"):
        yield problems.required(f"{path}.name")
    yield from _files(path, source)


def _secret(path: str, source: dict[str, Any]) -> Iterator[Problem]:
    if not source.get("secretName"):
        yield problems.required(f"{path}.secretName")
    yield from _files(path, source)


def _files(path: str, source: dict[str, Any]) -> Iterator[Problem]:
    yield from _mode(f"{path}.defaultMode", source.get("defaultMode"))
    for index, item in enumerate(source.get("items") or ()):
        if not item.get("key"):
            yield problems.required(f"{path}.items[{index}].key")
        yield from _target(f"{path}.items[{index}].path", item.get("path") or "")
        yield from _mode(f"{path}.items[{index}].mode", item.get("mode"))


def _target(path: str, target: str) -> Iterator[Problem]:
    if not target:
        yield problems.required(path)
    else:
        yield from validate_local_path(path, target)
        if target.startswith("..") and target[2:3] != "/" and target != "..":
            yield problems.invalid(path, target, "must not start with '..'")


def _mode(path: str, mode: int | None) -> Iterator[Problem]:
    if mode is not None and not 0 <= mode <= 0o777:
        yield problems.invalid(path, mode, MODE_RULE)


def _downward(path: str, source: dict[str, Any]) -> Iterator[Problem]:
    yield from _mode(f"{path}.defaultMode", source.get("defaultMode"))
    for item in source.get("items") or ():
        where = path  # sic: upstream names neither the list nor the place in it
        yield from _target(f"{where}.path", item.get("path") or "")
        field, resource = item.get("fieldRef"), item.get("resourceFieldRef")
        if field is not None:
            yield from field_ref(f"{where}.fieldRef", field, FILE_FIELDS)
            if resource is not None:
                detail = "fieldRef and resourceFieldRef can not be specified simultaneously"
                yield problems.invalid(where, "resource", detail)
        elif resource is not None:
            yield from resource_ref(f"{where}.resourceFieldRef", resource, in_volume=True)
        else:
            yield problems.required(where, "one of fieldRef and resourceFieldRef is required")
        yield from _mode(f"{where}.mode", item.get("mode"))


def _host_path(path: str, source: dict[str, Any]) -> Iterator[Problem]:
    if not source.get("path"):
        yield problems.required(f"{path}.path")
    elif ".." in source["path"].split("/"):
        yield problems.invalid(f"{path}.path", source["path"], "must not contain '..'")
    if (source.get("type") or "") not in HOST_PATH_TYPES:
        yield problems.unsupported(f"{path}.type", source["type"], HOST_PATH_TYPES)


def _empty_dir(path: str, source: dict[str, Any]) -> Iterator[Problem]:
    if source.get("sizeLimit") is not None:
        yield from validate_quantity(f"{path}.sizeLimit", source["sizeLimit"])


def _git_repo(path: str, source: dict[str, Any]) -> Iterator[Problem]:
    yield from sources.needs("repository")(path, source)
    yield from validate_local_path(f"{path}.directory", source.get("directory") or "")


def _storage_os(path: str, source: dict[str, Any]) -> Iterator[Problem]:
    yield from sources.needs("volumeName")(path, source)
    for field in ("volumeName", "volumeNamespace"):
        if source.get(field):
            yield from by_rule(f"{path}.{field}", source[field], names.dns_label)


def _csi(path: str, source: dict[str, Any]) -> Iterator[Problem]:
    yield from validate_driver_name(f"{path}.driver", source.get("driver") or "")
    secret = source.get("nodePublishSecretRef")
    if secret is not None and not secret.get("name"):
        yield problems.required(f"{path}.nodePublishSecretRef.name")
    elif secret is not None:
        yield from by_rule(f"{path}.name", secret["name"], names.dns_subdomain)  # sic: upstream leaves a step out


def _image(path: str, source: dict[str, Any]) -> Iterator[Problem]:
    if not source.get("reference"):
        yield problems.required(f"{path}.reference")
    if (policy := source.get("pullPolicy")) and policy not in PULL_POLICIES:
        yield problems.unsupported(f"{path}.pullPolicy", policy, PULL_POLICIES)


def _ephemeral(path: str, source: dict[str, Any]) -> Iterator[Problem]:
    template = source.get("volumeClaimTemplate")
    if not template:
        yield problems.required(f"{path}.volumeClaimTemplate")
    else:
        yield from claim_spec(f"{path}.volumeClaimTemplate.spec", template.get("spec") or {})


def _projected(path: str, source: dict[str, Any]) -> Iterator[Problem]:
    yield from _mode(f"{path}.defaultMode", source.get("defaultMode"))
    for index, part in enumerate(source.get("sources") or ()):
        given = [name for name in part if part[name] is not None]
        for extra in given[1:]:
            detail = "may not specify more than 1 volume type per source"
            yield problems.forbidden(f"{path}.sources[{index}].{extra}", detail)
        if given:
            yield from _projection(f"{path}.sources[{index}].{given[0]}", given[0], part[given[0]])


def _projection(path: str, kind: str, body: dict[str, Any]) -> Iterator[Problem]:
    if kind in ("configMap", "secret"):
        yield from _config_map(path, body)
    elif kind == "downwardAPI":
        yield from _downward(path, body)
    elif kind == "serviceAccountToken":
        yield from _target(f"{path}.path", body.get("path") or "")
        seconds = body.get("expirationSeconds", SHORTEST_TOKEN)
        if seconds < SHORTEST_TOKEN:
            detail = "may not specify a duration less than 10 minutes"
            yield problems.invalid(f"{path}.expirationSeconds", seconds, detail)
        elif seconds > LONGEST_TOKEN:
            yield problems.invalid(
                f"{path}.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds"
            )
    elif kind == "clusterTrustBundle":
        yield from _target(f"{path}.path", body.get("path") or "")
        if bool(body.get("name")) == bool(body.get("signerName")):
            yield problems.required(path, "exactly one of name or signerName is required")


#: In upstream's order, which is that of the problems.
_CHECKS: dict[str, sources.Check] = {
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "gitRepo": _git_repo,
    "gcePersistentDisk": sources.partition("pdName"),
    "awsElasticBlockStore": sources.partition("volumeID"),
    "secret": _secret,
    "nfs": sources.nfs,
    "iscsi": sources.iscsi,
    "glusterfs": sources.needs("endpoints", "path"),
    "flocker": sources.flocker,
    "persistentVolumeClaim": sources.needs("claimName"),
    "rbd": sources.needs("monitors", "image"),
    "cinder": sources.with_secret(sources.needs("volumeID"), "name"),
    "cephfs": sources.needs("monitors"),
    "quobyte": sources.quobyte,
    "downwardAPI": _downward,
    "fc": sources.fibre_channel,
    "flexVolume": sources.flex,
    "configMap": _config_map,
    "azureFile": sources.needs("secretName", "shareName"),
    "vsphereVolume": sources.needs("volumePath"),
    "photonPersistentDisk": sources.needs("pdID"),
    "portworxVolume": sources.needs("volumeID"),
    "azureDisk": sources.azure_disk,
    "storageos": sources.with_secret(_storage_os, "name"),
    "projected": _projected,
    "scaleIO": sources.needs("gateway", "system", "volumeName"),
    "csi": _csi,
    "ephemeral": _ephemeral,
    "image": _image,
}
#: Where upstream's paths differ from the field: in the complaint about a second source, and in those about its fields.
_SPELT = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
_NAMED = {"gcePersistentDisk": "persistentDisk"}
