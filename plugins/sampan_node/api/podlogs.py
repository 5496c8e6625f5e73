"""Container logs as the API gives them: which run, from when, how much, with or without times."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from sampan.errors import BadRequest, NotFound
from sampan_machinery.metadata import parse_time
from sampan_podspec.containers import walk
from sampan_runtime.contracts import Container, Runtime

NANO = 1_000_000_000
HELD = 1 << 20  # bytes of one stream that wait for a line of the other to end


class Options(NamedTuple):
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail: int = -1
    since: int = 0  # nanoseconds since the epoch
    limit: int = 0  # bytes; 0 = no limit


def options(query: Mapping[str, list[str]]) -> Options:
    """From the query; raises BadRequest."""

    def flag(name: str) -> bool:
        return query.get(name, [""])[0] in ("true", "1", "True")

    def number(name: str, default: int) -> int:
        text = query.get(name, [""])[0]
        try:
            value = int(text) if text else default
        except ValueError:
            raise BadRequest(f"{name}: {text!r} is not a number") from None
        if text and value < 0:
            raise BadRequest(f"{name}: must not be negative")
        return value

    since = 0
    if query.get("sinceTime", [""])[0]:
        # Whole seconds, as kubelets know no others here: a float of today's seconds is not exact to the nanosecond.
        since = int(parse_time(query["sinceTime"][0])) * NANO
    elif seconds := number("sinceSeconds", 0):
        since = time.time_ns() - seconds * NANO
    return Options(
        flag("follow"), flag("previous"), flag("timestamps"), number("tailLines", -1), since, number("limitBytes", 0)
    )


def chosen(worker: Any, name: str, *, previous: bool) -> Container:
    """The container run that is asked for; raises NotFound or BadRequest with upstream's message."""
    pod = worker.pod["metadata"]["name"]
    if name not in [container["name"] for _, container in walk(worker.pod["spec"])]:
        raise NotFound(f"container {name} is not valid for pod {pod}")
    mine: list[Container] = sorted(
        (one for one in worker.see().containers if one.name == name), key=lambda one: (one.attempt, one.created)
    )
    if previous:
        if len(mine) < 2:
            raise BadRequest(f'previous terminated container "{name}" in pod "{pod}" not found')
        return mine[-2]
    if not mine or mine[-1].state == "created":
        waiting = worker.memory.waiting.get(name)
        reason = waiting.reason if waiting else "ContainerCreating"
        raise BadRequest(f'container "{name}" in pod "{pod}" is waiting to start: {reason}')
    return mine[-1]


def text(runtime: Runtime, container_id: str, wanted: Options, *, alive: Callable[[], bool]) -> Iterator[bytes]:
    """The bytes to send; ends when all is sent, the limit is reached or the client has gone."""
    left = wanted.limit or -1
    found = runtime.logs(container_id, follow=wanted.follow, since=wanted.since, tail=wanted.tail)
    for when, channel, piece, begins in by_line(found):
        if channel == 0:
            if not alive():
                return
            continue
        data = stamp(when) + b" " + piece if wanted.timestamps and begins else piece
        if 0 <= left <= len(data):
            yield data[:left]
            return
        left -= len(data) if left > 0 else 0
        yield data


def by_line(found: Iterator[tuple[int, int, bytes]]) -> Iterator[tuple[int, int, bytes, bool]]:
    """A runtime's pieces, and whether each begins a line: runtimes give a long line in parts (16 KiB), and only its
    first has a time of its own. While a line of one stream has not ended the other stream waits, for HELD bytes."""
    speaking, held, waiting = 0, 0, list[tuple[int, int, bytes]]()
    for when, channel, data in found:
        if channel == 0:
            yield when, channel, data, False
            continue
        if speaking and channel != speaking:
            waiting.append((when, channel, data))
            held += len(data)
            if held < HELD:
                continue
            yield when, speaking, b"\n", False
            speaking = 0
        else:
            yield when, channel, data, not speaking
            speaking = 0 if data.endswith(b"\n") else channel
        if not speaking:
            for at, other, piece in waiting:
                yield at, other, piece, not speaking
                speaking = 0 if piece.endswith(b"\n") else other
            waiting, held = [], 0
    if waiting:
        yield waiting[0][0], speaking, b"\n", False
        speaking = 0
        for at, other, piece in waiting:
            yield at, other, piece, not speaking
            speaking = 0 if piece.endswith(b"\n") else other


def stamp(when: int) -> bytes:
    """RFC 3339 of nanoseconds since the epoch."""
    seconds, nanos = divmod(when, NANO)
    return _second(seconds) + b".%09dZ" % nanos


@lru_cache(maxsize=1024)
def _second(seconds: int) -> bytes:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)).encode()
