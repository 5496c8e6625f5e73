"""What a write asks of the code that drives it (``drive``), by yielding it.

- Store operations: a commit. It is sent their revision, or Stale is thrown in.
- None of them, (): it is sent the newest revision once the watch cache has it.
- ``BlockingCall``: a function that may block. What it raises is thrown in.
- ``Waiting``: it goes on when the callback is called.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sampan.contracts.store import Op

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class BlockingCall:
    """Call ``function`` on a thread that may block."""

    function: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Waiting:
    """``begin(resume)`` returns at once; ``resume`` is called once, from any thread, also within ``begin``."""

    begin: Callable[[Callable[[], None]], None]


Step = Sequence[Op] | BlockingCall | Waiting
Work = Generator[Step, int, Result]
