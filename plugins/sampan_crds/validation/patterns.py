"""Regular expressions of schemas: those that RE2 reads, as Go does."""

from __future__ import annotations

from sampan_cel.errors import CelError


def complaint_of(pattern: str) -> str:
    """Why it cannot be used, "" where it can."""
    from sampan_cel import regex  # RE2 is loaded for schemas that have a pattern

    try:
        regex.compiled(pattern)
    except CelError as error:
        return str(error)
    return ""
