"""Tells stories to two servers and collects what differs, each fault once and with the shortest story that shows it."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import accepting
import discovering
import shrinking
from differing import Difference, differences
from sessions import Session
from steps import Story
from targets import Target

_VERBS_WITH_STATUS = ("status", "scale")


@dataclass
class Found:
    difference: Difference
    story: Story
    times: int = 1


@dataclass
class Judge:
    server: Target
    peer: Target
    tell: Callable[[Found], None] = lambda found: None
    minimise: bool = True
    requests: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    found: dict[str, Found] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(2)
        run = (
            f"t{time.time_ns() // 1_000_000_000 % 100_000:05d}"  # another for each run: one that was stopped left some
        )
        self._names = (f"{run}{number:05d}" for number in itertools.count())

    def judge(self, story: Story) -> None:
        self._weigh(self.compare(story), story)

    def discover(self) -> None:
        """Compare what both say that they serve."""
        self._weigh(discovering.compare(self.server, self.peer), None)

    def _weigh(self, differences: Iterable[Difference], story: Story | None) -> None:
        for difference in differences:
            reason = accepting.reason(difference)
            if reason:
                self.accepted[reason] += 1
            elif difference.key in self.found:
                self.found[difference.key].times += 1
            else:
                self._keep(difference, story)

    def _keep(self, difference: Difference, story: Story | None) -> None:
        found = self.found[difference.key] = Found(difference, story or Story("", "", ()))
        if self.minimise and story is not None:
            found.story = shrinking.shortest(story, lambda tried: self._shows(tried, difference.key))
            found.difference = self._seen(found.story, difference.key) or difference
        self.tell(found)

    def _shows(self, story: Story, key: str) -> bool:
        return self._seen(story, key) is not None

    def _seen(self, story: Story, key: str) -> Difference | None:
        return next((difference for difference in self.compare(story) if difference.key == key), None)

    def compare(self, story: Story) -> list[Difference]:
        """All that differs. Ends where one has done what the other refused: the rest would follow from it."""
        name = next(self._names)
        sessions = [Session(target, name) for target in (self.server, self.peer)]
        found: list[Difference] = []
        try:
            for step in story.steps:
                answers = list(self._pool.map(Session.tell, sessions, (step, step)))
                if answers[0] is None or answers[1] is None:
                    continue
                self.requests += 1
                found += differences(f"{step.verb} {place(story, step.path)}", answers[0], answers[1])
                if (answers[0]["status"] < 400) != (answers[1]["status"] < 400):
                    break
        finally:
            list(self._pool.map(lambda session: session.clean_up(story), sessions))
        return found


def place(story: Story, path: str) -> str:
    """``deployments.apps/status``."""
    last = path.rpartition("/")[2]
    version = path.split("/")[3] + " " if "autoscaling" in path or "differential.example" in path else ""
    return f"{version}{story.resource}" + (f"/{last}" if last in _VERBS_WITH_STATUS else "")


def by_times(found: dict[str, Found]) -> Iterator[Found]:
    yield from sorted(found.values(), key=lambda each: -each.times)


def report(found: Found) -> str:
    difference = found.difference
    lines = [difference.key, f"    seen in: {difference.where}", f"    ours:  {difference.ours}"]
    lines.append(f"    peer's: {difference.peers}")
    lines += [f"    {step.short()}" for step in found.story.steps]
    return "\n".join(lines)


def as_plain(found: Found) -> dict[str, Any]:
    """For JSON."""
    difference = found.difference
    return {"key": difference.key, "line": difference.line, "times": found.times, "story": found.story.plain()}
