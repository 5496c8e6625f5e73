"""What to read next of one container, and what cannot be read any more.

Pure. The API gives the log of a container's newest run and of the one before it, no other. Must not know how it is
asked.
"""

from __future__ import annotations

from typing import NamedTuple

from sampan_logging.entries import Progress
from sampan_logging.pods import ContainerState


class ReadStep(NamedTuple):
    """``same``: go on in the run that was read last; else a newer run, before which ``previous`` is to be read too."""

    run: int
    same: bool
    previous: bool = False


def next_step(progress: Progress | None, seen: ContainerState) -> ReadStep | None:
    """None: nothing is to be read now."""
    if not seen.begun:
        return None
    if progress is None:
        return ReadStep(seen.run, same=False, previous=seen.run > 0)
    if progress.run >= seen.run:
        return None if progress.ended else ReadStep(progress.run, same=True)
    # The run before is asked for even when it was read to its end: if it is another one than we took it for
    # (a container may start again between its status and our request), its lines are new.
    return ReadStep(seen.run, same=False, previous=True)


def missed_runs(progress: Progress | None, step: ReadStep, *, found: bool, there: bool, young: bool) -> str:
    """What is lost when a newer run is begun, in words; "" when nothing is.

    found: the line that was read last is in the log of the run before; there: the run before has a log at all; young:
    the pod was made after shipping began, so that its first runs ought to have been read.
    """
    if found or step.run == 0:
        return ""
    gone = step.run - 1 if there else step.run  # the first run whose log can be had
    if progress is None:
        return _runs(0, gone) if young else ""
    if progress.ended:
        return _runs(progress.run + 1, gone)
    if progress.run == gone and progress.position is not None:
        return rotated(progress)
    return _runs(progress.run, gone)


def rotated(progress: Progress) -> str:
    return f"lines of run {progress.run} are missing: its log was rotated before they were read"


def unread(progress: Progress | None, why: str) -> str:
    """In words, for a log that went away before its end was read."""
    if progress is None:
        return f"nothing of this container's log could be read: {why}"
    return f"the end of the log of run {progress.run} may be missing: {why}"


def _runs(first: int, end: int) -> str:
    """Of the runs ``first`` to before ``end``, the first of which may have been read in part."""
    if end <= first:
        return ""
    which = f"run {first}" if end == first + 1 else f"runs {first} to {end - 1}"
    return f"lines of {which} are missing: the node keeps the logs of the newest two runs only"
