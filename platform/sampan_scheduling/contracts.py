"""The scheduler's extension points, as upstream's scheduling framework has them (KEP-624), over NumPy columns.

A plugin may answer for all nodes at once (``filter_all``, ``score_all``) or node by node (``filter``, ``score``);
the scheduler asks whichever it finds. Nodes are addressed by their row in the snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from sampan.contracts.kinds import Object


class Verdict(NamedTuple):
    """Why a node will not do. ``unresolvable``: removing pods from it would not help either (no preemption there)."""

    reason: str  # Insufficient cpu
    unresolvable: bool = False
    more: tuple[str, ...] = ()  # further reasons on the same node: Insufficient memory
    plugin: str = ""  # who refuses; the scheduler fills it in where a plugin leaves it empty


class NodeView(Protocol):
    """One node as the scheduler sees it now, assumed pods included."""

    row: int
    name: str
    object: Object

    @property
    def pods(self) -> Sequence[Object]: ...


class Snapshot(Protocol):
    """All nodes at one moment; ``columns`` holds NumPy arrays with one row a node (cpu, memory, pods, used_cpu …).

    sampan does not install NumPy: a plugin that reads ``columns`` requires it itself.
    """

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def columns(self) -> dict[str, Any]: ...

    def __len__(self) -> int: ...

    def node(self, row: int) -> NodeView: ...


#: Scratch space of one scheduling cycle, shared by all plugins; keys are plugin names.
State = dict[str, Any]
#: A key of State: names of resources (frozenset) that NodeResourcesFit does not look at for this pod, for the plugin
#: that has put it there in ``pre_filter`` checks them node by node.
UNCHECKED = "unchecked resources"


class SchedulingPlugin(Protocol):
    name: str
    weight: int  # of its scores


class SchedulerHandle(Protocol):
    """What the scheduler lends to a plugin that has ``start``."""

    client: Any  # sampan_client.Client, with the scheduler's identity

    def wake(self, may_help: Callable[[Object], bool]) -> None:
        """Something changed: waiting pods for which ``may_help(pod)`` is true are tried again after their back-off.
        May be called from any thread that holds no lock which the plugin takes in a method of its own."""

    def ask_again(self, uid: str) -> None:
        """Ask ``permit`` or ``pre_bind`` of the pod with this uid again now, where it waits for either."""

    def submit(self, job: Callable[[], None]) -> None:
        """Call ``job`` soon on a thread that may block: the other methods of a plugin are called with the scheduler's
        lock held, but for ``permit`` and ``pre_bind``, and write nothing to the API."""


@runtime_checkable
class Starts(Protocol):
    """A plugin that watches the API itself."""

    def start(self, handle: SchedulerHandle) -> None:
        """Called once, before the first pod is decided about; returns soon."""

    def stop(self) -> None: ...


@runtime_checkable
class Concerned(Protocol):
    """A plugin that has to do with some pods only: it costs the others nothing."""

    def concerns(self, pod: Object) -> bool:
        """Whether the plugin is to be asked about the pod at all; quick, and the same for equal specs."""


@runtime_checkable
class QueueSorter(Protocol):
    def less(self, a: Object, b: Object) -> bool: ...


@runtime_checkable
class PreFilter(Protocol):
    def pre_filter(self, state: State, pod: Object, nodes: Snapshot) -> Verdict | None: ...


@runtime_checkable
class Filter(Protocol):
    def filter(self, state: State, pod: Object, node: NodeView) -> Verdict | None: ...


@runtime_checkable
class FilterAll(Protocol):
    def filter_all(self, state: State, pod: Object, nodes: Snapshot) -> tuple[Any, dict[int, Verdict] | Any]:
        """(boolean array: node will do; reasons): reasons is {row: Verdict} or one Verdict for all refused rows."""


@runtime_checkable
class PostFilter(Protocol):
    def post_filter(self, state: State, pod: Object, nodes: Snapshot, refused: dict[int, list[Verdict]]) -> str | None:
        """Make room (preemption); returns the name of the node nominated, if any."""


@runtime_checkable
class Score(Protocol):
    def score(self, state: State, pod: Object, node: NodeView) -> float:
        """0 to 100."""


@runtime_checkable
class ScoreAll(Protocol):
    def score_all(self, state: State, pod: Object, nodes: Snapshot, rows: Any) -> Any:
        """Array of 0 to 100 for the rows asked."""


@runtime_checkable
class Reserver(Protocol):
    def reserve(self, state: State, pod: Object, node: NodeView) -> None: ...

    def unreserve(self, state: State, pod: Object, node: NodeView) -> None: ...


@runtime_checkable
class Permit(Protocol):
    def permit(self, state: State, pod: Object, node: NodeView) -> float:
        """0 = go on; N = wait up to N seconds; raise to refuse. While it waits it is asked again, at first after half a
        second, then less often; SchedulerHandle.ask_again asks at once."""


@runtime_checkable
class PreBind(Protocol):
    def pre_bind(self, state: State, pod: Object, node: NodeView) -> float | None:
        """As ``permit``, after all plugins have permitted the pod; None = go on. May write to the API."""
