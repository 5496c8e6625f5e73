"""Volumes: unique names, exactly one source each, and what each source needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan.objects import names, problems
from sampan.objects.pods.validation.common import named

HOST_PATH_TYPES = ("", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice")
MODE_RULE = "must be a number between 0 and 0777 (octal), both inclusive"


def all_volumes(path: str, volumes: list[dict[str, Any]]) -> Iterator[Problem]:
    taken = set()
    for index, volume in enumerate(volumes):
        where = f"{path}[{index}]"
        name = volume.get("name") or ""
        yield from named(f"{where}.name", name, names.dns_label)
        if name in taken:
            yield problems.duplicate(f"{where}.name", name)
        taken.add(name)
        sources = [key for key in volume if key != "name"]
        if not sources:
            yield problems.required(where, "must specify a volume type")
        for extra in sources[1:]:
            yield problems.forbidden(f"{where}.{extra}", "may not specify more than 1 volume type")
        if sources:
            yield from _source(f"{where}.{sources[0]}", sources[0], volume[sources[0]] or {})


def _source(path: str, kind: str, source: dict[str, Any]) -> Iterator[Problem]:
    if kind == "configMap":
        if not source.get("name"):
            yield problems.required(f"{path}.name")
        yield from _files(path, source)
    elif kind == "secret":
        if not source.get("secretName"):
            yield problems.required(f"{path}.secretName")
        yield from _files(path, source)
    elif kind == "downwardAPI":
        yield from _modes(path, source)
    elif kind == "hostPath":
        if not source.get("path"):
            yield problems.required(f"{path}.path")
        elif ".." in source["path"].split("/"):
            yield problems.invalid(f"{path}.path", source["path"], "must not contain '..'")
        if (source.get("type") or "") not in HOST_PATH_TYPES:
            yield problems.unsupported(f"{path}.type", source["type"], HOST_PATH_TYPES)
    elif kind == "persistentVolumeClaim" and not source.get("claimName"):
        yield problems.required(f"{path}.claimName")
    elif kind == "projected":
        yield from _modes(path, source)
        for index, part in enumerate(source.get("sources") or ()):
            yield from _projection(f"{path}.sources[{index}]", part)


def _projection(path: str, part: dict[str, Any]) -> Iterator[Problem]:
    given = [name for name in part if part[name] is not None]
    for extra in given[1:]:
        yield problems.forbidden(f"{path}.{extra}", "may not specify more than 1 volume type per source")
    if not given:
        return
    body = part[given[0]]
    if given[0] in ("configMap", "secret"):
        if not body.get("name"):
            yield problems.required(f"{path}.{given[0]}.name")
        yield from _files(f"{path}.{given[0]}", body)
    elif given[0] == "serviceAccountToken":
        if not body.get("path"):
            yield problems.required(f"{path}.serviceAccountToken.path")
        if body.get("expirationSeconds", 3600) < 600:
            yield problems.invalid(
                f"{path}.serviceAccountToken.expirationSeconds", body["expirationSeconds"], "may not specify a duration less than 10 minutes"
            )


def _files(path: str, source: dict[str, Any]) -> Iterator[Problem]:
    yield from _modes(path, source)
    for index, item in enumerate(source.get("items") or ()):
        where = f"{path}.items[{index}]"
        if not item.get("key"):
            yield problems.required(f"{where}.key")
        target = item.get("path") or ""
        if not target:
            yield problems.required(f"{where}.path")
        elif target.startswith("/"):
            yield problems.invalid(f"{where}.path", target, "must be a relative path")
        elif ".." in target.split("/"):
            yield problems.invalid(f"{where}.path", target, "must not contain '..'")


def _modes(path: str, source: dict[str, Any]) -> Iterator[Problem]:
    for where, value in ((f"{path}.defaultMode", source.get("defaultMode")), *_item_modes(path, source)):
        if value is not None and not 0 <= value <= 0o777:
            yield problems.invalid(where, value, MODE_RULE)


def _item_modes(path: str, source: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(f"{path}.items[{index}].mode", item.get("mode")) for index, item in enumerate(source.get("items") or ())]
