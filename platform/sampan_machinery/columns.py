"""The printed columns that most kinds have, and columns that show one field."""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Column, Object


def _created(obj: Object) -> Any:
    return obj["metadata"].get("creationTimestamp")


NAME = Column(
    "Name",
    lambda obj: obj["metadata"].get("name", ""),
    format="name",
    description="Name must be unique within a namespace.",
)
AGE = Column(
    "Age",
    _created,
    type="date",
    description="CreationTimestamp is a timestamp representing the server time when this object was created.",
)
#: What kinds without a printer of their own show upstream: the time itself.
CREATED_AT = Column("Created At", _created, type="timestamp")


def field(name: str, *path: str, type: str = "string", priority: int = 0) -> Column:
    """A column that shows the field at ``path``; nothing where it is not set."""

    def cell(obj: Object) -> Any:
        value: Any = obj
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return "" if value is None else value

    return Column(name, cell, type=type, priority=priority)
