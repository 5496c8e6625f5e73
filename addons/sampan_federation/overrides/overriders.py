"""The overriders of a rule, applied to a manifest: image, command, args, labels, annotations, fields, JSON patch.

Source: Karmada's documentation, "Override Policy", and the API reference of policy.karmada.io/v1alpha1. Pure functions;
a failure is an OverrideFailed with the field.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_federation.interpreter import kinds
from sampan_federation.interpreter.kinds import kind_of
from sampan_federation.overrides.images import overridden
from sampan_federation.overrides.refusals import OverrideFailed
from sampan_machinery.metadata import copy, get_path
from sampan_machinery.patches import json_patch

#: Kinds whose containers the overriders of images, commands and arguments know, as documented.
_WORKLOADS = (
    kinds.POD, kinds.REPLICA_SET, kinds.DEPLOYMENT, kinds.DAEMON_SET, kinds.STATEFUL_SET, kinds.JOB,
)  # fmt: skip


def apply(obj: Object, overriders: Mapping[str, Any]) -> Object:
    """A changed copy. In Karmada's order: the JSON patch is last and wins."""
    changed: Object = copy(obj)
    for field, change in _CHANGES:
        for index, given in enumerate(overriders.get(field) or ()):
            try:
                changed = change(changed, given)
            except OverrideFailed as error:
                raise OverrideFailed(f"{field}[{index}]: {error}") from error
            except StatusError as error:
                raise OverrideFailed(f"{field}[{index}]: {error.message}") from error
    patch = [_operation(each, "path") for each in overriders.get("plaintext") or ()]
    if patch:
        changed = _patched(changed, patch, "plaintext")
    return changed


def _operation(given: Mapping[str, Any], path: str) -> Object:
    operation = {"op": given.get("operator"), "path": given.get(path)}
    return operation if given.get("operator") == "remove" else {**operation, "value": given.get("value")}


def _patched(document: Any, patch: list[Object], field: str) -> Any:
    for each in patch:
        if each["op"] not in ("add", "remove", "replace"):
            raise OverrideFailed(f"{field}: operator {each['op']!r} is none of add, remove, replace")
    try:
        return json_patch.apply(document, patch)
    except StatusError as error:
        raise OverrideFailed(f"{field}: {error.message}") from error


def _containers(obj: Object) -> list[Object]:
    kind = kind_of(obj)
    if kind not in _WORKLOADS:
        return []
    found = get_path(obj, *kinds.TEMPLATES[kind], "spec", "containers", default=[])
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _image(obj: Object, given: Mapping[str, Any]) -> Object:
    parts = (str(given.get(name) or "") for name in ("component", "operator", "value"))
    component, operator, value = parts
    path = get_path(given, "predicate", "path", default="")
    if path:
        present = _at(obj, path)
        if not isinstance(present, str):
            raise OverrideFailed(f"predicate.path: {path} is no text")
        return _put(obj, path, overridden(present, component, operator, value))
    for container in _containers(obj):
        if container.get("image"):
            container["image"] = overridden(str(container["image"]), component, operator, value)
    return obj


def _words(field: str) -> Callable[[Object, Mapping[str, Any]], Object]:
    def change(obj: Object, given: Mapping[str, Any]) -> Object:
        operator, values = given.get("operator"), list(given.get("value") or ())
        if operator not in ("add", "remove"):
            raise OverrideFailed(f"operator: {operator!r} is none of add, remove")
        for container in _containers(obj):
            if container.get("name") == given.get("containerName"):
                present = list(container.get(field) or ())
                container[field] = (
                    [*present, *values] if operator == "add" else [each for each in present if each not in values]
                )
        return obj

    return change


def _entries(field: str) -> Callable[[Object, Mapping[str, Any]], Object]:
    def change(obj: Object, given: Mapping[str, Any]) -> Object:
        operator = given.get("operator")
        if operator not in ("add", "remove", "replace"):
            raise OverrideFailed(f"operator: {operator!r} is none of add, remove, replace")
        present = dict(obj["metadata"].get(field) or {})
        for key, value in (given.get("value") or {}).items():
            if operator == "remove":
                present.pop(key, None)
            elif operator == "add" or key in present:
                present[key] = value
        obj["metadata"][field] = present
        return obj

    return change


def _field(obj: Object, given: Mapping[str, Any]) -> Object:
    """A JSON patch inside a text that is JSON or YAML itself, as in the data of a ConfigMap."""
    path = str(given.get("fieldPath") or "")
    text = _at(obj, path)
    if not isinstance(text, str):
        raise OverrideFailed(f"fieldPath: {path} is no text")
    if given.get("yaml"):
        patch = [_operation(each, "subPath") for each in given["yaml"]]
        return _put(obj, path, _yaml_text(_patched(_yaml(text, path), patch, "yaml")))
    if given.get("json"):
        patch = [_operation(each, "subPath") for each in given["json"]]
        return _put(obj, path, json.dumps(_patched(_json(text, path), patch, "json"), separators=(",", ":")))
    return obj


def _json(text: str, path: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OverrideFailed(f"fieldPath: the text at {path} is no JSON: {error}") from error


def _yaml(text: str, path: str) -> Any:
    from sampan_machinery import yamlin  # bounded in depth and aliases

    try:
        return yamlin.decode(text.encode())
    except StatusError as error:
        raise OverrideFailed(f"fieldPath: the text at {path} is no YAML: {error.message}") from error


def _yaml_text(value: Any) -> str:
    import yaml

    return str(yaml.safe_dump(value, sort_keys=False, default_flow_style=False, allow_unicode=True))


def _at(obj: Object, path: str) -> Any:
    """The value at a JSON pointer."""
    if not path.startswith("/"):
        raise OverrideFailed(f"path: {path!r} does not begin with /")
    found: Any = obj
    for step in path[1:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            raise OverrideFailed(f"path: the manifest has nothing at {path}")
    return found


def _put(obj: Object, path: str, value: Any) -> Object:
    return json_patch.apply(obj, [{"op": "replace", "path": path, "value": value}])  # type: ignore[no-any-return]


_CHANGES: tuple[tuple[str, Callable[[Object, Mapping[str, Any]], Object]], ...] = (
    ("imageOverrider", _image),
    ("commandOverrider", _words("command")),
    ("argsOverrider", _words("args")),
    ("labelsOverrider", _entries("labels")),
    ("annotationsOverrider", _entries("annotations")),
    ("fieldOverrider", _field),
)
