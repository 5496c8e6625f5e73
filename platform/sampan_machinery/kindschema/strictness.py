"""What fieldValidation makes of unknown and duplicate fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sampan.contracts.kinds import Kind, Object, Problem
from sampan.errors import BadRequest

IGNORE, WARN, STRICT = "Ignore", "Warn", "Strict"


def judged(found: list[str], strictness: str, kind: Kind) -> list[str]:
    """Warnings, or with Strict the 400 that names them all."""
    if found and strictness == STRICT:
        raise BadRequest(
            f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: strict decoding error: '
            + ", ".join(found)
        )
    return found


def validation_of(kind: Kind, version: Kind | None) -> Callable[[Object, Object | None], Iterable[Problem]]:
    """The validation of the version that a request speaks where that has one, else the stored kind's."""
    return version.validate if version is not None and version.validate is not Kind.validate else kind.validate


def check_kind(obj: object, kind: Kind) -> None:
    """Refuse another kind before its fields are read as this one's; raises BadRequest."""
    assert isinstance(obj, dict)
    sent = obj.get("kind")
    if sent and sent != kind.kind:
        raise BadRequest(
            f'{sent} in version "{obj.get("apiVersion")}" cannot be handled as a {kind.kind}: no kind "{sent}" is '
            f"registered for this resource"
        )
