"""Driving a write: on the worker's loop without blocking, anywhere else by waiting.

A write's answer goes out only once the watch cache holds its revision.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any, TypeVar

from sampan.contracts.serving import Answer
from sampan.contracts.store import Op, Stale
from sampan.errors import SampanError, Timeout
from sampan_http.handoff import Outcome, Parked
from sampan_server.cache.cache import Cache
from sampan_server.request.statuses import answer_error

Result = TypeVar("Result")
Work = Generator[Sequence[Op], int, Result]


def block(work: Work[Result], cache: Cache) -> Result:
    """Run to the end, waiting for each commit."""
    try:
        ops = next(work)
        while True:
            if not ops:
                ops = work.send(_refreshed(cache))
                continue
            try:
                revision = cache.store.commit(*ops)
            except Stale as stale:
                cache.wait(cache.store.revision())
                ops = work.throw(stale)
                continue
            if not cache.wait(revision):
                raise Timeout("the write is stored, but this server has not seen it yet", retry_after=1)
            ops = work.send(revision)
    except StopIteration as stop:
        result: Result = stop.value
        return result


def _refreshed_or_why(cache: Cache) -> int | SampanError:
    try:
        return _refreshed(cache)
    except SampanError as error:
        return error


def _refreshed(cache: Cache) -> int:
    """The newest revision, once the cache has it."""
    newest = cache.target()
    if not cache.wait(newest):
        raise Timeout("this server has not seen the newest state yet", retry_after=1)
    return newest


def block_all(works: Sequence[Work[Result]], cache: Cache) -> list[Result | Exception]:
    """Run several at once, so that their commits share disk flushes; each one's result, or what it raised."""
    results: list[Result | Exception | None] = [None] * len(works)
    pending: list[tuple[int, Work[Result], Callable[[], Sequence[Op]]]] = [
        (place, work, work.__next__) for place, work in enumerate(works)
    ]
    while pending:
        submitted = []
        for place, work, step in pending:
            try:
                submitted.append((place, work, _submitted(cache, step())))
            except StopIteration as stop:
                results[place] = stop.value
            except Exception as error:
                results[place] = error
        pending = []
        for place, work, waiting in submitted:
            outcome = waiting()
            if isinstance(outcome, int):
                pending.append((place, work, partial(work.send, outcome)))
            elif isinstance(outcome, Stale):
                pending.append((place, work, partial(work.throw, outcome)))
            else:
                results[place] = outcome
    return results  # type: ignore[return-value]  # every place has been filled


def _submitted(cache: Cache, ops: Sequence[Op]) -> Callable[[], int | SampanError]:
    """Submit; the function returned waits for the outcome and for the cache to have it."""
    if not ops:
        return lambda: _refreshed_or_why(cache)
    arrived = threading.Event()
    outcome: list[int | SampanError] = []

    def done(result: int | SampanError) -> None:
        outcome.append(result)
        arrived.set()

    cache.store.submit(ops, done)

    def wait() -> int | SampanError:
        arrived.wait()
        cache.wait(outcome[0] if isinstance(outcome[0], int) else cache.store.revision())
        return outcome[0]

    return wait


def park(work: Work[Answer], cache: Cache, finish: Callable[[Answer], Answer]) -> Answer:
    """Run up to the first commit, then leave the connection parked; ``finish`` sees the answer before it is sent."""
    try:
        ops = next(work)
    except StopIteration as stop:
        return finish(stop.value)
    raise Parked(_begin(work, ops, cache, finish))


def _begin(
    work: Work[Answer], ops: Sequence[Op], cache: Cache, finish: Callable[[Answer], Answer]
) -> Callable[[Callable[[Outcome], None]], None]:
    def begin(resume: Callable[[Outcome], None]) -> None:
        def done(result: int | SampanError) -> None:
            if isinstance(result, int):
                cache.when(result, lambda: resume(lambda: _go_on(work, lambda: work.send(result), cache, finish)))
            elif isinstance(result, Stale):
                cache.ask_target(partial(stale_known, result))
            else:
                error = result
                resume(lambda: finish(answer_error(error)))

        def stale_known(stale: Stale, newest: int | SampanError) -> None:
            def go_on() -> Answer:
                return _go_on(work, lambda: work.throw(stale), cache, finish)

            if isinstance(newest, int):
                cache.when(newest, lambda: resume(go_on))
            else:
                done(newest)

        if ops:
            cache.store.submit(ops, done)
        else:
            cache.ask_target(done)

    return begin


def _go_on(
    work: Work[Answer], step: Callable[[], Sequence[Op]], cache: Cache, finish: Callable[[Answer], Answer]
) -> Answer:
    try:
        ops = step()
    except StopIteration as stop:
        return finish(stop.value)
    except Exception as error:
        return finish(answer_error(error))
    raise Parked(_begin(work, ops, cache, finish))


def followed(work: Generator[Sequence[Op], int, Any], then: Callable[[Any], Result]) -> Work[Result]:
    """The same work with its result turned into something else."""
    result = yield from work
    return then(result)
