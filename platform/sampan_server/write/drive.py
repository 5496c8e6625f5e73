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
    raise Parked(_Begun(work, step, cache, pool, finish))


class _Begun:
    """A step of a write whose connection is parked. Called with what resumes the connection.

    An object with methods, not closures that name one another: those would be a cycle for each write, and the garbage
    collector kept the loop for 20 ms to take apart the cycles of 700 writes.
    """

    __slots__ = ("_cache", "_finish", "_pool", "_resume", "_step", "_work")

    def __init__(
        self, work: Work[Answer], step: Step, cache: Cache, pool: Pool, finish: Callable[[Answer], Answer]
    ) -> None:
        self._work, self._step, self._cache, self._pool, self._finish = work, step, cache, pool, finish

    def __call__(self, resume: Callable[[Outcome], None]) -> None:
        self._resume = resume
        step, work = self._step, self._work
        if isinstance(step, BlockingCall):
            self._pool.submit(lambda: self._go_on(_run(step.function, work)))
        elif isinstance(step, Waiting):
            step.begin(lambda: self._go_on(lambda: work.send(0)))
        elif step:
            self._cache.store.submit(step, self._done)
        else:
            self._cache.ask_target(self._done)

    def _go_on(self, next_step: Callable[[], Step]) -> None:
        self._resume(lambda: _go_on(self._work, next_step, self._cache, self._pool, self._finish))

    def _done(self, result: int | SampanError) -> None:
        if isinstance(result, int):
            self._cache.when(result, lambda: self._go_on(lambda: self._work.send(result)))
        elif isinstance(result, Stale):
            self._cache.ask_target(partial(self._stale_known, result))
        else:
            error = result
            self._work.close()
            self._resume(lambda: self._finish(answer_error(error)))

    def _stale_known(self, stale: Stale, newest: int | SampanError) -> None:
        if isinstance(newest, int):
            self._cache.when(newest, lambda: self._go_on(lambda: self._work.throw(stale)))
        else:
            self._done(newest)


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
    raise Parked(_Begun(work, step, cache, pool, finish))


def followed(work: Work[Any], then: Callable[[Any], Result]) -> Work[Result]:
    """The same work with its result turned into something else."""
    result = yield from work
    return then(result)
