"""Which form of answer a client wants. Source: Kubernetes API reference, "Resource representations"; RFC 9110 §12.5.1.

Knows forms, not objects: "json" as stored, "table", or "partial" metadata, each with its version.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from sampan.errors import NotAcceptable


class Form(NamedTuple):
    """How objects are shown: ``how`` is json, table or partial; ``version`` of meta.k8s.io for the last two."""

    how: str
    version: str = "v1"


JSON = Form("json")
_AS = {"Table": "table", "PartialObjectMetadata": "partial", "PartialObjectMetadataList": "partial"}
_JSON_TYPES = frozenset({"application/json", "application/*", "*/*", "application/yaml"})
_OTHER_TYPES = frozenset({"application/vnd.kubernetes.protobuf"})
_SHOWN = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
YAML = "application/yaml"


class Wanted(NamedTuple):
    """One media range of an Accept header."""

    quality: float
    media: str
    parameters: dict[str, str]


@lru_cache(1024)
def ranges(accept: str) -> tuple[Wanted, ...]:
    """The media ranges, best first; an absent header is ``*/*``."""
    found = []
    for part in accept.split(",")[:50]:
        media, *rest = (piece.strip() for piece in part.split(";"))
        if not media:
            continue
        parameters = dict(piece.split("=", 1) for piece in rest if "=" in piece)
        parameters = {key.strip(): value.strip().strip('"') for key, value in parameters.items()}
        try:
            quality = float(parameters.pop("q", "1"))
        except ValueError:
            quality = 0.0
        if quality > 0:
            found.append(Wanted(quality, media.lower(), parameters))
    found.sort(key=lambda wanted: -wanted.quality)
    return tuple(found) or (Wanted(1.0, "*/*", {}),)


@lru_cache(1024)
def wants_yaml(accept: str) -> bool:
    """Whether YAML is the best of what the client takes and we have."""
    first = next((wanted for wanted in ranges(accept) if wanted.media in _JSON_TYPES), None)
    return first is not None and first.media == YAML


@lru_cache(1024)
def form(accept: str, streams: bool = False, tables: bool = True) -> Form:
    """The form of objects and lists for this Accept header; raises NotAcceptable. ``streams``: a watch could be asked
    of the same path."""
    for wanted in ranges(accept):
        if wanted.media not in _JSON_TYPES:
            continue
        name = wanted.parameters.get("as")
        if name is None:
            return JSON
        version = wanted.parameters.get("v", "v1")
        ours = wanted.parameters.get("g", "meta.k8s.io") == "meta.k8s.io" and version in ("v1", "v1beta1")
        if ours and name in _AS and (tables or name != "Table"):
            return Form(_AS[name], version)
    if not any(wanted.media in _JSON_TYPES or wanted.media in _OTHER_TYPES for wanted in ranges(accept)):
        known = ", ".join((*_SHOWN, *(f"{media};stream=watch" for media in (_SHOWN[0], _SHOWN[2]) if streams)))
        raise NotAcceptable(f"406: Not Acceptable\n\nAvailable representations: {known}", bare=True)
    raise not_acceptable()


def not_acceptable() -> NotAcceptable:
    return NotAcceptable(f"only the following media types are accepted: {', '.join(_SHOWN)}")
