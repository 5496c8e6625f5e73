"""The table of protobuf fields: which message an object of a kind is, and which fields a message has.

Made by ``tools/make_protobuf_table.py``; loaded when a client first sends or asks for protobuf. Knows no wire format.
"""

from __future__ import annotations

import functools
import gzip
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
MAGIC = b"k8s\x00"
MACHINERY = "k8s.io/apimachinery/pkg/"
META = MACHINERY + "apis/meta/v1."
EXTENSIONS = "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/"
AGGREGATION = "k8s.io/kube-aggregator/pkg/apis/apiregistration/"
#: Go packages of the API's groups. The name of a group says nothing: anyone may define apps.example.com.
PACKAGES = {
    "": "k8s.io/api/core/",
    "apiextensions.k8s.io": EXTENSIONS,
    "apiregistration.k8s.io": AGGREGATION,
    "flowcontrol.apiserver.k8s.io": "k8s.io/api/flowcontrol/",
    "internal.apiserver.k8s.io": "k8s.io/api/apiserverinternal/",
    "meta.k8s.io": MACHINERY + "apis/meta/",
    "rbac.authorization.k8s.io": "k8s.io/api/rbac/",
    **{group: f"k8s.io/api/{group}/" for group in ("apps", "autoscaling", "batch", "extensions", "policy")},
    **{
        f"{name}.k8s.io": f"k8s.io/api/{name}/"
        for name in (
            "admission", "admissionregistration", "apidiscovery", "authentication", "authorization", "certificates",
            "coordination", "discovery", "events", "imagepolicy", "lifecycle", "networking", "node", "resource",
            "scheduling", "storage", "storagemigration",
        )
    },
}  # fmt: skip


class Field(NamedTuple):
    """``type``: s(tring), b(ool), i(nteger), u(nsigned), d(ouble), B(ytes), a message, or a list of ``[]`` and the type
    of the elements, ``{}`` and the types of keys and values, ``N`` and the type of the elements of a list that is a
    message of its own. ``json`` is "" for an embedded struct, whose fields are among ours."""

    json: str
    type: Any
    omitempty: bool | None  # in JSON; None: a pointer, which protobuf omits too where it is nil


def message_of(api_version: str, kind: str) -> str:
    """The message of a kind, "" where there is none. Those of meta/v1 (DeleteOptions, Status) belong to every group."""
    group, _, version = api_version.rpartition("/")
    package = PACKAGES.get(group)
    for name in (f"{package}{version}.{kind}" if package else "", META + kind):
        if name in load():
            return name
    return ""


@functools.cache
def load() -> dict[str, dict[str, list[Any]]]:
    """Message → field number → JSON name, type, omitempty."""
    data = files("sampan_machinery").joinpath("data/protobuf.json.gz").read_bytes()
    found: dict[str, dict[str, list[Any]]] = msgspec.json.decode(gzip.decompress(data))
    return found


@functools.cache
def fields(message: str) -> dict[int, Field]:
    """The fields of a message by number, in the order of numbers. One that is not in the table has none."""
    found = load().get(message, {})
    return {int(number): Field(*found[number]) for number in sorted(found, key=int)}
