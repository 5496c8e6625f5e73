"""How new a read must be, and waiting until the cache is that new.

Source: API concepts, "Semantics for get and list" and "Resource versions".
"""

from __future__ import annotations

from collections.abc import Callable

from sampan.contracts.serving import Answer
from sampan.errors import BadRequest, Cause, SampanError, Timeout
from sampan_http.handoff import Outcome, Parked
from sampan_server.cache.cache import Cache
from sampan_server.request.request import Request
from sampan_server.request.statuses import answer_error

PATIENCE = 3.0  # seconds a read waits for the cache to catch up


def asked_revision(request: Request, name: str = "resourceVersion") -> int:
    """The revision of the query, -1 when absent; raises BadRequest."""
    text = request.value(name) if request.query else ""
    if not text:
        return -1
    if not (text.isascii() and text.isdigit()) or len(text) > 19:
        why = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        served = request.served
        uncached = request.verb == "get" and served is not None and served.kind.ttl > 0  # as upstream reads Events
        listed = request.verb in ("list", "deletecollection")
        raise BadRequest(f"invalid resource version: {why}" if listed or uncached else why)
    return int(text)


def fresh(request: Request, cache: Cache, asked: int, then: Callable[[], Answer]) -> Answer:
    """``then()`` once the cache is as new as the read asks (0: whatever there is, -1: the newest), without blocking a
    loop. Raises Timeout for a revision that does not exist yet."""
    if asked == 0 or 0 < asked <= cache.revision:
        return then()
    if request.loop is None or cache.exclusive or not cache.newest.takes_time or _stays_aside(request):
        return once_fresh(request, cache, needed(cache, asked), then)
    raise Parked(_ask_first(request, cache, asked, then))


def _stays_aside(request: Request) -> bool:
    """Whether what comes next may wait for conversions, so that it must not go on on the loop."""
    return request.aside and request.served is not None and request.served.blocks


def _ask_first(
    request: Request, cache: Cache, asked: int, then: Callable[[], Answer]
) -> Callable[[Callable[[Outcome], None]], None]:
    def begin(resume: Callable[[Outcome], None]) -> None:
        def told(newest: int | SampanError) -> None:
            if isinstance(newest, SampanError):
                error = newest
                resume(lambda: request.finish(request, answer_error(error)))
                return
            # Only the loop's thread may set its timers: what is left to do begins there, by raising Parked once more.
            resume(lambda: _settled(request, cache, asked, newest, then))

        cache.ask_target(told)

    return begin


def _settled(request: Request, cache: Cache, asked: int, newest: int, then: Callable[[], Answer]) -> Answer:
    try:
        if asked > newest:
            raise too_large(asked, newest)
        return request.finish(request, once_fresh(request, cache, newest if asked < 0 else asked, then))
    except Exception as error:
        return request.finish(request, answer_error(error))


def needed(cache: Cache, asked: int) -> int:
    """The revision the cache must have for this read; raises Timeout for one that does not exist yet. May wait for the
    store."""
    if asked == 0:
        return 0
    newest = cache.target()
    if asked < 0:
        return newest
    if asked > newest and asked > cache.store.revision():
        raise too_large(asked, newest)
    return asked


def too_large(asked: int, newest: int) -> Timeout:
    text = f"Timeout: Too large resource version: {asked}, current: {newest}"
    return Timeout(text, causes=(Cause("ResourceVersionTooLarge", "Too large resource version"),), retry_after=1)


def once_fresh(request: Request, cache: Cache, revision: int, then: Callable[[], Answer]) -> Answer:
    """``then()`` as soon as the cache has the revision: at once, parked on the loop, or after blocking."""
    if cache.revision >= revision:
        return then()
    if request.loop is None or _stays_aside(request):
        if not cache.wait(revision, PATIENCE):
            raise too_large(revision, cache.revision)
        return then()
    raise Parked(_begin(request, cache, revision, then))


def _begin(
    request: Request, cache: Cache, revision: int, then: Callable[[], Answer]
) -> Callable[[Callable[[Outcome], None]], None]:
    def begin(resume: Callable[[Outcome], None]) -> None:
        answered = False

        def finish() -> None:
            nonlocal answered
            if not answered:
                answered = True
                resume(go_on)

        def go_on() -> Answer:
            try:
                if cache.revision < revision:
                    raise too_large(revision, cache.revision)
                return request.finish(request, then())
            except Exception as error:
                return request.finish(request, answer_error(error))

        request.loop.call_later(PATIENCE, finish)
        cache.when(revision, lambda: request.loop.call_soon(finish))

    return begin
