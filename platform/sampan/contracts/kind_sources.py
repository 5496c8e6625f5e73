"""Kinds that are added, changed and removed while the API server runs, such as those of CustomResourceDefinitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sampan.contracts.kinds import Kind, Resource


class Refused(NamedTuple):
    """A kind that a source offers and that is not served."""

    kind: Kind
    why: str  # a sentence for who described it


class KindSource(Protocol):
    """Where kinds come from at run time.

    Every process of every server has its own instance, and all must come to the same kinds. So ``kinds`` depends on
    nothing but stored objects, read from the watch cache by ``ServerContext.cluster``. The methods are called on one
    thread of the server, never on the event loop, and all sources wait for each of them: none may wait for the network.
    """

    name: str
    #: The kinds whose objects decide, as they are served: ``kinds`` is asked again when one of these has changed.
    watches: Sequence[Resource]

    def kinds(self) -> Sequence[Kind]:
        """All kinds that there are now, in every version; asked before the server serves, then after each change.

        The very same Kind object means that nothing has changed. Another object for the same group, version and plural
        replaces the kind: its watches end, and clients go on from where they were. A kind that is left out is served
        no more: requests for it are answered with 404, its watches end, its stored objects stay.

        Kinds of plugins come first, then those of sources in the order of the plugins' names; a group, version and
        plural that is taken is refused. So is a kind whose ``stored_as`` names no kind of the same answer.
        """

    def settled(self, served: Sequence[Kind], refused: Sequence[Refused]) -> None:
        """Called after every ``kinds``, once this server serves what it answered. May write that to the status of the
        objects by ``ServerContext.cluster``; as such a write is a change, only where it says something new."""

    def removes(self, kind: Kind) -> bool:
        """Whether the objects of a stored kind that has just gone are removed from the store as well.

        No admission and no finalizer is asked then, and watches have ended already. Each server removes what it knows
        of. One that is killed meanwhile leaves the rest; a source that cannot have that empties the kind by requests
        first, and keeps the object that describes it by a finalizer until it is empty (as Kubernetes does).
        """
