"""Says why a body cannot be decoded, in the words that users of kubectl know. Knows messages; decodes nothing.

Source: Go's encoding/json and the API server's decoding errors (wording only).
"""

from __future__ import annotations

import json
import re

from sampan.errors import BadRequest
from sampan_machinery.schema import gonames
from sampan_machinery.schema.nodes import TypeNode

_AT = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?", re.DOTALL)
_PLACE = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(?:\d+|\.\.\.)\]")
_GOT = re.compile(r"got `(\w+)`")
_WORDS = {
    "str": "string", "int": "number", "float": "number", "bool": "bool", "array": "array", "object": "object",
    "dict": "object", "list": "array", "null": "null", "NoneType": "null",
}  # fmt: skip
_GO_SCALARS = {
    "string": "string", "boolean": "bool", "integer": "int64", "int32": "int32", "number": "float64",
    "bytes": "[]uint8", "quantity": "resource.Quantity", "int-or-string": "intstr.IntOrString", "time": "v1.Time",
    "microtime": "v1.MicroTime",
}  # fmt: skip
_TYPE_META = r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }'


class _Names(frozenset[str]):
    """Fields of a struct; ``inner`` says whether these are the embedded one's, or all the others are."""

    inner = True


class _Others(_Names):
    inner = False


#: Go names a struct that is embedded on the way to its fields.
_EMBEDDED: dict[str, tuple[str, _Names]] = {
    "Volume": ("VolumeSource", _Others({"name"})),
    "PersistentVolumeSpec": ("PersistentVolumeSource", _Names({
        "gcePersistentDisk", "awsElasticBlockStore", "hostPath", "glusterfs", "nfs", "rbd", "iscsi", "cinder", "cephfs",
        "fc", "flocker", "flexVolume", "azureFile", "vsphereVolume", "quobyte", "azureDisk", "photonPersistentDisk",
        "portworxVolume", "scaleIO", "local", "storageos", "csi",
    })),
    "IngressRule": ("IngressRuleValue", _Names({"http"})),
    "Probe": ("ProbeHandler", _Names({"exec", "httpGet", "tcpSocket", "grpc"})),
    "EphemeralContainer": ("EphemeralContainerCommon", _Others({"targetContainerName"})),
    **{name: ("LocalObjectReference", _Names({"name"})) for name in (
        "ConfigMapKeySelector", "SecretKeySelector", "ConfigMapEnvSource", "SecretEnvSource", "ConfigMapVolumeSource",
        "ConfigMapProjection", "SecretProjection")},
}  # fmt: skip


def go_type(node: TypeNode | None, named: str = "") -> str:
    """What Go calls the type: int32, []v1.Container, map[string]string. ``named``: the name that Go has for it, or for
    the values in it."""
    if node is None or node.shape == "any":
        return "interface {}"
    if named and gonames.is_map(named):
        return named if node.shape == "map" else go_type(node)
    if node.shape == "list":
        return named if named == "v1.ExtraValue" else "[]" + go_type(node.item(), named)
    if node.shape == "map":
        return "map[string]" + go_type(node.item(), named)
    if named:
        return named
    if node.shape == "struct":
        return ".".join(node.name.split(".")[-2:])
    return _GO_SCALARS.get(node.scalar, node.scalar)


def cannot_handle(kind: str, version: str, why: str) -> BadRequest:
    return BadRequest(f'{kind} in version "{version}" cannot be handled as a {kind}: {why}')


def unrecognized(kind: str, body: bytes, why: str) -> BadRequest:
    """The 400 for a body that is not even JSON with a kind."""
    return BadRequest(
        f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; "
        f"json parse error: {why} ({_summary(body)})"
    )


def _summary(body: bytes) -> str:
    """The beginning of a body: as text where it looks like an object, else in hex."""
    if not body:
        return "<empty>"
    start = body[:30]
    text = start.decode("utf-8", "replace") if body[:1] == b"{" else start.hex()
    return text + (" ..." if len(body) > 30 else "")


def syntax(kind: str, body: bytes, error: str) -> BadRequest:
    truncated = "truncated" in error or not body.strip()
    return unrecognized(kind, body, "unexpected end of JSON input" if truncated else error)


def wrong_type(kind: str, version: str, body: bytes, root: TypeNode, error: str) -> BadRequest:
    """The 400 for msgspec's complaint about one value."""
    found = _AT.fullmatch(error)
    what, path = (found["what"], found["path"] or "") if found else (error, "")
    got = _GOT.search(what)
    owner, trail, node = _walk(root, path)
    named = gonames.named(owner, trail[-1]) if trail else ""
    if got is None and not what.startswith(("Expected `", "Number out of range", "Integer value")):
        if trail and " into Go value of type " in what:
            what = what.replace("Go value of type", f"Go struct field {owner}.{'.'.join(trail)} of type").replace(
                "[]byte", "[]uint8"
            )
        return cannot_handle(kind, version, what)
    value = _WORDS.get(got.group(1), got.group(1)) if got else "number"
    if value == "number" and node is not None and node.scalar in ("integer", "int32"):
        value += _number_at(body, path)
    if path in {"", "$"}:
        return unrecognized(kind, body, f"json: cannot unmarshal {value} into Go value of type {_TYPE_META}")
    where = ".".join(trail)
    if where in ("apiVersion", "kind"):  # read before anything else, into a struct without a name
        return unrecognized(kind, body, f"json: cannot unmarshal {value} into Go struct field .{where} of type string")
    why = f"json: cannot unmarshal {value} into Go struct field {owner}.{where} of type {go_type(node, named)}"
    return cannot_handle(kind, version, why)


def _number_at(body: bytes, path: str) -> str:
    """`` 1.5``: the text of the number at a path of a JSON body, as Go quotes it; "" where that cannot be told."""
    try:
        found = json.loads(body, parse_float=str, parse_int=str)
        for name, index in _PLACE.findall(path):
            found = found[name] if name else found[int(index)]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return f" {found}" if isinstance(found, str) else ""


def _walk(root: TypeNode, path: str) -> tuple[str, list[str], TypeNode | None]:
    """The innermost struct's name, the field names on the way, and the type at a path: ``$.spec.ports[0].port``."""
    node: TypeNode | None = root
    owner, trail = root.name.rsplit(".", 1)[-1], []
    for step in _STEP.finditer(path):
        name = step.group(1)
        if name is None:
            node = node.item() if node else None
            continue
        if node and node.shape == "struct":
            owner = node.name.rsplit(".", 1)[-1]
            if embedded := _EMBEDDED.get(owner):
                inner, known = embedded
                trail += [inner] if (name in known) == known.inner else []
        trail.append(name)
        node = node.field(name) if node else None
    return owner, trail, node
