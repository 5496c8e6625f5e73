"""Driving a write: on the worker's loop without blocking, anywhere else by waiting.

A write's answer goes out only once the watch cache holds its revision.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sampan.contracts.serving import Answer
from sampan.contracts.store import Op, Stale
from sampan.errors import SampanError, Timeout
from sampan_http.handoff import Outcome, Parked
from sampan_http.pool import Pool
from sampan_server.cache.cache import Cache
from sampan_server.request.statuses import answer_error
from sampan_server.write.steps import BlockingCall, Result, Step, Waiting, Work


def block(work: Work[Result], cache: Cache) -> Result:
    """Run to the end, waiting for each commit and for what may block."""
    try:
        return _block_from(next(work), work, cache)
    except StopIteration as stop:
        result: Result = stop.value
        return result


def _block_from(step: Step, work: Work[Result], cache: Cache) -> Result:
    """The same for a write that has yielded its first step. Raises StopIteration's value as the result."""
    try:
        while True:
            if isinstance(step, (BlockingCall, Waiting)):
                step = _done_here(step, work)
                continue
            if not step:
                step = work.send(_refreshed(cache))
                continue
            try:
                revision = cache.store.commit(*step)
            except Stale as stale:
                cache.wait(cache.store.revision())
                step = work.throw(stale)
                continue
            if not cache.wait(revision):
                raise Timeout("the write is stored, but this server has not seen it yet", retry_after=1)
            step = work.send(revision)
    except StopIteration as stop:
        result: Result = stop.value
        return result
    except BaseException:
        work.close()  # what it holds is let go of now, not when the traceback goes
        raise


def _done_here(step: BlockingCall | Waiting, work: Work[Any]) -> Step:
    """On a thread that may wait; the write's next step."""
    if isinstance(step, Waiting):
        arrived = threading.Event()
        step.begin(arrived.set)
        arrived.wait()
        return work.send(0)
    try:
        step.function()
    except Exception as error:
        return work.throw(error)
    return work.send(0)


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
    """Run several at once, so that their commits share disk flushes; each one's result, or what it raised. Those that
    ask for more than commits go on by themselves, at the end."""
    results: list[Result | Exception | None] = [None] * len(works)
    pending: list[tuple[int, Work[Result], Callable[[], Step]]] = [
        (place, work, work.__next__) for place, work in enumerate(works)
    ]
    alone: list[tuple[int, Work[Result], Step]] = []
    while pending:
        submitted = []
        for place, work, step in pending:
            try:
                wanted = step()
                if isinstance(wanted, (BlockingCall, Waiting)):
                    alone.append((place, work, wanted))
                else:
                    submitted.append((place, work, _submitted(cache, wanted)))
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
    for place, work, wanted in alone:
        try:
            results[place] = _block_from(wanted, work, cache)
        except Exception as error:
            results[place] = error
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


def park(work: Work[Answer], cache: Cache, pool: Pool, finish: Callable[[Answer], Answer]) -> Answer:
    """Run up to the first step, then leave the connection parked; ``finish`` sees an answer that comes later before it
    is sent."""
    try:
        step = next(work)
    except StopIteration as stop:
        answer: Answer = stop.value
        return answer
    raise Parked(_begin(work, step, cache, pool, finish))


def _begin(
    work: Work[Answer], step: Step, cache: Cache, pool: Pool, finish: Callable[[Answer], Answer]
) -> Callable[[Callable[[Outcome], None]], None]:
    def begin(resume: Callable[[Outcome], None]) -> None:
        def go_on(next_step: Callable[[], Step]) -> None:
            resume(lambda: _go_on(work, next_step, cache, pool, finish))

        def done(result: int | SampanError) -> None:
            if isinstance(result, int):
                cache.when(result, lambda: go_on(lambda: work.send(result)))
            elif isinstance(result, Stale):
                cache.ask_target(partial(stale_known, result))
            else:
                error = result
                work.close()
                resume(lambda: finish(answer_error(error)))

        def stale_known(stale: Stale, newest: int | SampanError) -> None:
            if isinstance(newest, int):
                cache.when(newest, lambda: go_on(lambda: work.throw(stale)))
            else:
                done(newest)

        if isinstance(step, BlockingCall):
            pool.submit(lambda: go_on(_run(step.function, work)))
        elif isinstance(step, Waiting):
            step.begin(lambda: go_on(lambda: work.send(0)))
        elif step:
            cache.store.submit(step, done)
        else:
            cache.ask_target(done)

    return begin


def _run(function: Callable[[], object], work: Work[Answer]) -> Callable[[], Step]:
    """On the pool; how the write goes on."""
    try:
        function()
    except BaseException as error:
        failure = error if isinstance(error, Exception) else RuntimeError(repr(error))
        return lambda: work.throw(failure)
    return lambda: work.send(0)


def _go_on(
    work: Work[Answer], next_step: Callable[[], Step], cache: Cache, pool: Pool, finish: Callable[[Answer], Answer]
) -> Answer:
    try:
        step = next_step()
    except StopIteration as stop:
        return finish(stop.value)
    except Exception as error:
        return finish(answer_error(error))
    raise Parked(_begin(work, step, cache, pool, finish))


def followed(work: Work[Any], then: Callable[[Any], Result]) -> Work[Result]:
    """The same work with its result turned into something else."""
    result = yield from work
    return then(result)
