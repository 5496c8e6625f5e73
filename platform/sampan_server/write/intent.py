"""What a request wants written and by whom: passed to all that takes part in a write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sampan.contracts.access import User
from sampan.contracts.kinds import Object
from sampan_server.registry import Served
from sampan_server.write.keylocks import KeyLock


@dataclass(slots=True)
class Intent:
    """What is to be written, by whom."""

    served: Served
    namespace: str
    name: str
    user: User
    subresource: str = ""
    dry_run: bool = False
    manager: str = ""  # fieldManager of the request, or the client's name
    operation: str = "Update"  # Apply for server-side apply
    patches: bool = False  # whether the request is a PATCH, of either operation
    sent_revision: str = ""  # of an update that creates: shown by a dry run, which has none of its own
    warnings: list[str] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)  # for audit
    timeout: float = 0.0  # seconds that the client allows, 0 where it says nothing
    make_options: Callable[[str], Object] | None = None  # see Review
    state: dict[str, Any] = field(default_factory=dict)  # see Review
    lock: KeyLock | None = None  # of the objects that it updates beside its own
