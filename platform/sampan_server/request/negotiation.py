"""Which form of answer a client wants. Source: Kubernetes API reference, "Resource representations"; RFC 9110 §12.5.1;
apiserver endpoints/handlers/negotiation and goautoneg (order, and what is skipped).

Knows forms, not objects: "json" as stored, "protobuf", "table", or "partial" metadata, the last two with their version.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from sampan.errors import NotAcceptable
from sampan_machinery.protobuf.table import MEDIA_TYPE
from sampan_server.registry import Served
from sampan_server.request.request import Request


class Form(NamedTuple):
    """How objects are shown: ``how`` is json, protobuf, table or partial; ``version`` of meta.k8s.io for the last two.
    ``protobuf``: whether it is encoded so, which a table never is."""

    how: str
    version: str = "v1"
    protobuf: bool = False

    @property
    def media(self) -> str:
        return MEDIA_TYPE if self.protobuf else "application/json"


JSON = Form("json")
PROTOBUF = Form("protobuf", protobuf=True)
_AS = {"Table": "table", "PartialObjectMetadata": "partial", "PartialObjectMetadataList": "partial"}
_JSON_TYPES = frozenset({"application/json", "application/*", "*/*", "application/yaml"})
_TYPES = _JSON_TYPES | {MEDIA_TYPE}
_SHOWN = ("application/json", "application/yaml", MEDIA_TYPE)
#: Media types of watches, as a refusal names them.
STREAMS = ("application/json;stream=watch", f"{MEDIA_TYPE};stream=watch")
YAML = "application/yaml"


class Wanted(NamedTuple):
    """One media range of an Accept header."""

    quality: float
    media: str
    parameters: dict[str, str]


@lru_cache(1024)
def ranges(accept: str) -> tuple[Wanted, ...]:
    """The media ranges, best first; an absent header is ``*/*``."""
    found: list[Wanted] = []
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
            _insert(found, Wanted(quality, media.lower(), parameters))
    return tuple(found) or (Wanted(1.0, "*/*", {}),)


def _insert(found: list[Wanted], wanted: Wanted) -> None:
    """In its place, as goautoneg sorts: before those of less quality, and before wildcards of any quality."""
    place = len(found)
    while place and _precedes(wanted, found[place - 1]):
        place -= 1
    found.insert(place, wanted)


def _precedes(one: Wanted, other: Wanted) -> bool:
    if one.quality > other.quality:
        return True
    return other.media.endswith("/*") and (
        not one.media.endswith("/*") or (other.media.startswith("*/") and not one.media.startswith("*/"))
    )


@lru_cache(1024)
def wants_yaml(accept: str) -> bool:
    """Whether YAML is the best of what the client takes and we have."""
    first = next((wanted for wanted in ranges(accept) if wanted.media in _JSON_TYPES), None)
    return first is not None and first.media == YAML


@lru_cache(1024)
def form(accept: str, streams: bool = False, tables: bool = True, protobuf: bool = False) -> Form:
    """The form of objects and lists for this Accept header; raises NotAcceptable. ``streams``: a watch could be asked
    of the same path. ``protobuf``: whether objects of the kind can be shown so; their metadata always can."""
    for wanted in ranges(accept):
        found = _form(wanted, tables, protobuf)
        if found is not None:
            return found
    raise _not_acceptable(accept, streams=streams)


def _form(wanted: Wanted, tables: bool, protobuf: bool) -> Form | None:
    """What one media range means, None where it is skipped."""
    asked, coded = wanted.parameters, wanted.media == MEDIA_TYPE
    if _is_plain(wanted):
        return (PROTOBUF if protobuf else None) if coded else JSON
    if wanted.media not in _TYPES or not _may_stream(wanted):
        return None
    name = asked.get("as")
    version = asked.get("v", "v1")
    ours = asked.get("g", "meta.k8s.io") == "meta.k8s.io" and version in ("v1", "v1beta1")
    if not ours or name not in _AS or (name == "Table" and (coded or not tables)):
        return None
    return Form(_AS[name], version, coded)


def _is_plain(wanted: Wanted) -> bool:
    """Whether a media range asks for an object as it is."""
    if wanted.media not in _TYPES or not _may_stream(wanted):
        return False
    return not wanted.parameters or not {"as", "g", "v"} & wanted.parameters.keys()


def _may_stream(wanted: Wanted) -> bool:
    """Whether there is such a stream, where one is asked for."""
    stream = wanted.parameters.get("stream")
    return not stream or (stream == "watch" and wanted.media != YAML)


def form_for(request: Request, served: Served, *, streams: bool = False, tables: bool = True) -> Form:
    """The form for this request; raises NotAcceptable. Whether a kind has a message is asked only where it matters."""
    accept = request.environ.get("HTTP_ACCEPT", "*/*")
    if MEDIA_TYPE in accept:
        return form(accept, streams, tables, bool(served.message))
    return form(accept, streams, tables)


@lru_cache(1024)
def prefers_protobuf(accept: str) -> bool:
    """Whether an answer that is no object of the kind (a Status, a discovery document) goes out in protobuf."""
    for wanted in ranges(accept):
        if _is_plain(wanted):
            return wanted.media == MEDIA_TYPE
    return False


@lru_cache(1024)
def check_plain(accept: str) -> None:
    """Raises NotAcceptable where the client takes no answer as it is, of which there are no other forms."""
    if not any(map(_is_plain, ranges(accept))):
        raise _not_acceptable(accept, streams=False)


def _not_acceptable(accept: str, *, streams: bool) -> NotAcceptable:
    if any(wanted.media in _TYPES for wanted in ranges(accept)):
        return not_acceptable()
    known = ", ".join((*_SHOWN, *(STREAMS if streams else ())))
    return NotAcceptable(f"406: Not Acceptable\n\nAvailable representations: {known}", bare=True)


def not_acceptable() -> NotAcceptable:
    return NotAcceptable(f"only the following media types are accepted: {', '.join(_SHOWN)}")
