"""How many seats a request takes. Source: upstream's work estimators (pkg/util/flowcontrol/request)."""

from __future__ import annotations

from sampan.contracts.chain import ChainRequest

OBJECTS_A_SEAT = 100
MOST = 10
#: They last as long as their client wants, so that they take no seat, as upstream.
LONG = frozenset({"attach", "exec", "log", "portforward", "proxy"})
#: Seconds of the loop that a write takes, before and after its commit, in which it is parked. What a read takes is
#: measured.
WRITE = 0.0008
_WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


def known_cost(request: ChainRequest) -> float:
    """Seconds that the request takes of the loop, 0 where that is measured."""
    return WRITE if request.verb in _WRITES and request.resource else 0.0


def width(request: ChainRequest) -> int:
    """A list takes a seat for each hundred objects that it sends."""
    verb = request.verb
    if verb not in ("list", "watch"):
        return 1
    if verb == "watch" and not _sends_initial_events(request):
        return 1
    count = request.objects
    limit = _first(request, "limit")
    if verb == "list" and limit.isascii() and limit.isdigit():
        count = min(count, int(limit[:9]) or count)
    if _first(request, "fieldSelector").startswith("metadata.name="):
        count = 1
    return max(1, min(-(-count // OBJECTS_A_SEAT), MOST))


def _sends_initial_events(request: ChainRequest) -> bool:
    return _first(request, "sendInitialEvents") == "true" or _first(request, "resourceVersion") in ("", "0")


def _first(request: ChainRequest, name: str) -> str:
    found = request.query.get(name)
    return found[0] if found else ""
