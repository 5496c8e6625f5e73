"""Admission: plugins that change or refuse a write before it is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from sampan.contracts.access import User
from sampan.contracts.kinds import Kind, Object
from sampan.contracts.serving import Reader


@dataclass
class Review:
    """One write under review. Mutating admitters change ``object`` in place."""

    operation: str  # CREATE, UPDATE, DELETE, CONNECT
    kind: Kind
    subresource: str
    namespace: str
    name: str
    object: Object | None  # the new object; None for DELETE
    old: Object | None  # the stored object; None for CREATE
    user: User
    dry_run: bool
    reader: Reader
    warnings: list[str] = field(default_factory=list)  # sent as Warning headers
    #: Written or removed in the same commit, atomically; a taken name makes the whole request start again with a new
    #: review. This is how a Service claims its ClusterIP. Objects are complete but for server-set metadata.
    also_create: list[Object] = field(default_factory=list)
    #: ((group, plural), namespace, name) each
    also_delete: list[tuple[Kind | tuple[str, str], str, str]] = field(default_factory=list)

    @property
    def ref(self) -> str:
        """``pods/default/web``, for messages."""
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind.resource.group_resource}/{where}{self.name}"


class Admitter(Protocol):
    """One rule. Runs in the order of the setting ``admission`` (by default: the order of ``priority``, then name)."""

    name: str
    operations: frozenset[str]  # CREATE, UPDATE, DELETE, CONNECT
    mutates: bool  # mutating ones run first, then defaults again, then the others after validation
    priority: int  # 500 is usual; lower runs earlier
    # May also have, and is asked about everything without it:
    #   resources: frozenset[str]   pods, deployments.apps …: it is asked about these only
    # A third-party admitter runs on a thread of its own with a deadline (settings ``deadlines``). One that never waits
    # for anything may ask to be called where the request stands, which is faster:
    #   inline = True
    # The same word counts for authenticators and authorizers.

    def admit(self, review: Review) -> None:
        """Raise a StatusError (usually Forbidden) to refuse."""
