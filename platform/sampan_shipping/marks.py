"""Marks on a shipped object: the add-on, its version, the shipped manifest, and the server's answer to it.

Pure. The marks are annotations and one label, so they work with any Kubernetes API.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import annotations_of, copy, labels_of

PREFIX = "addons.sampan.dev/"
NAME = f"{PREFIX}name"  # label: the add-on's name
VERSION = f"{PREFIX}version"  # version of the add-on that shipped it last
SHIPPED = f"{PREFIX}shipped"  # the manifest, JSON
MADE = f"{PREFIX}made"  # the server's answer to it, JSON; left out if equal to the manifest
ADOPTED = f"{PREFIX}adopted"  # it existed before the add-on

#: Annotations of controllers and tools; they do not count as edits.
_MACHINERY = ("deployment.kubernetes.io/", "kubectl.kubernetes.io/", "autoscaling.alpha.kubernetes.io/", PREFIX)
_METADATA = ("name", "namespace", "labels", "annotations")


@dataclass(frozen=True)
class Record:
    """The marks of an object. ``shipped`` is None if there are none, or none that can be read."""

    addon: str = ""
    version: str = ""
    shipped: Object | None = None
    made: Object | None = None
    adopted: bool = False

    @property
    def base(self) -> Object:
        """The object without any edits."""
        return self.made or self.shipped or {}


def prepared(manifest: Mapping[str, Any]) -> Object:
    """A manifest as it is compared and stored: a Secret's stringData becomes data, as in the server."""
    found: Object = copy(dict(manifest))
    text = found.pop("stringData", None)
    if text:
        encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in text.items()}
        found["data"] = {**(found.get("data") or {}), **encoded}
    return found


def marked(
    obj: Object, addon: str, version: str, shipped: Object, *, made: Object | None = None, adopted: bool = False
) -> Object:
    """A copy of ``obj`` with these marks."""
    found: Object = copy(obj)
    metadata = found["metadata"]
    metadata["labels"] = {**(metadata.get("labels") or {}), NAME: addon}
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if not k.startswith(PREFIX)}
    annotations |= {VERSION: version, SHIPPED: _encoded(shipped)}
    if made is not None and made != shipped:
        annotations[MADE] = _encoded(made)
    if adopted:
        annotations[ADOPTED] = "true"
    metadata["annotations"] = annotations
    return found


def read(obj: Mapping[str, Any]) -> Record:
    """The marks of an object; marks that cannot be read count as none."""
    annotations = annotations_of(obj)
    return Record(
        addon=labels_of(obj).get(NAME, ""),
        version=annotations.get(VERSION, ""),
        shipped=_decoded(annotations.get(SHIPPED, "")),
        made=_decoded(annotations.get(MADE, "")),
        adopted=annotations.get(ADOPTED) == "true",
    )


def plain(obj: Mapping[str, Any]) -> Object:
    """An object without its status, the server's metadata, the marks and the annotations of controllers and tools."""
    found: Object = {key: copy(value) for key, value in obj.items() if key not in ("status", "metadata")}
    metadata = obj.get("metadata") or {}
    kept = {key: copy(metadata[key]) for key in _METADATA if metadata.get(key)}
    for field in ("labels", "annotations"):
        entries = {key: value for key, value in (kept.get(field) or {}).items() if not key.startswith(_MACHINERY)}
        kept.pop(field, None)
        if entries:
            kept[field] = entries
    return {**_head(found), "metadata": kept, **{k: v for k, v in found.items() if k not in ("apiVersion", "kind")}}


def _head(obj: Mapping[str, Any]) -> Object:
    return {key: obj[key] for key in ("apiVersion", "kind") if key in obj}


def _encoded(obj: Object) -> str:
    return json.dumps(obj, separators=(",", ":"), ensure_ascii=False)


def _decoded(text: str) -> Object | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
