"""What an admitter declares: of which kinds, operations and subresources it is asked. Read at boot and when kinds come
or go, never on a request."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind

EVERYTHING = "*"


def has_a_say(admitter: Admitter, kind: Kind, operation: str, subresource: str) -> bool:
    """Whether the admitter declares such writes."""
    if operation not in admitter.operations and EVERYTHING not in admitter.operations:
        return False
    resources = getattr(admitter, "resources", None)
    if resources is not None and not any(name in resources for name in names_of(kind)):
        return False
    wanted = getattr(admitter, "subresources", None)
    return wanted is None or subresource in wanted or EVERYTHING in wanted


def names_of(kind: Kind) -> tuple[str, ...]:
    """How ``resources`` may name a kind."""
    name = kind.resource.group_resource
    return (name, f"*.{kind.group}", EVERYTHING) if kind.group else (name, EVERYTHING)


def subresources_of(kind: Kind) -> tuple[str, ...]:
    """The object itself and what is served below it."""
    own = [sub.name for sub in kind.subresources]
    return ("", *(["status"] if kind.status else []), *(["scale"] if kind.scale is not None else []), *own)
