"""What an explanation is made of, as text for a terminal and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One reason why an object is as it is. The first of several is what to mend first."""

    reason: str  # a CamelCase word for programs; it does not change from one version to the next
    text: str  # one sentence
    facts: tuple[str, ...] = ()  # what it rests on: field or event, and its value
    commands: tuple[str, ...] = ()  # what mends it, or shows more; a word in capitals is for the user to replace
    about: str = ""  # kind/name of the object at fault where it is another one
    lines: tuple[str, ...] = ()  # a table for a terminal, such as one line for each node
    data: Mapping[str, Any] = field(default_factory=dict)  # the same for programs
    note: bool = False  # nothing is wrong: it only says why the object is where or how it is

    def of(self, ref: str) -> Cause:
        """The same, found at another object while this one was explained: it is about that, unless it names one."""
        return replace(self, about=self.about or ref)

    def as_json(self) -> dict[str, Any]:
        made = {
            "reason": self.reason, "text": self.text, "facts": list(self.facts), "commands": list(self.commands),
            "about": self.about, "note": self.note, "data": dict(self.data),
        }  # fmt: skip
        return {key: value for key, value in made.items() if value or key in ("reason", "text", "facts", "commands")}


@dataclass(frozen=True)
class Explanation:
    """An object and its causes, in the order in which to look at them."""

    ref: str  # kind/name
    namespace: str
    state: str  # what kubectl shows in a word or two: CrashLoopBackOff, 1/3 ready
    causes: tuple[Cause, ...]
    unread: tuple[str, ...] = ()  # what could not be read, and why; causes may be missing for it

    @property
    def healthy(self) -> bool:
        return all(cause.note for cause in self.causes)

    def paragraph(self) -> str:
        """The state and every cause, in sentences."""
        where = f" in namespace {self.namespace}" if self.namespace else ""
        state = f" is {self.state}" if self.state else ""
        head = f"{self.ref}{where}{state}"
        if not self.causes:
            return f"{head}. Nothing wrong was found." if state else f"{head}: nothing wrong was found."
        said = " ".join(cause.text for cause in self.causes)
        return f"{head}. {said}" if state else f"{head}: {said}"

    def lines(self) -> Iterator[str]:
        """The paragraph, then each cause's facts and commands."""
        yield self.paragraph()
        for number, cause in enumerate(self.causes, 1):
            yield ""
            yield f"{number}. {cause.reason}{f' ({cause.about})' if cause.about else ''}"
            yield from (f"   - {fact}" for fact in cause.facts)
            yield from (f"   $ {command}" for command in cause.commands)
            if cause.lines:
                yield ""
                yield from cause.lines
        if self.unread:
            yield ""
            yield f"Not looked at: {'; '.join(self.unread)}."

    def as_json(self) -> dict[str, Any]:
        return {
            "object": self.ref, "namespace": self.namespace, "state": self.state, "healthy": self.healthy,
            "summary": self.paragraph(), "causes": [cause.as_json() for cause in self.causes],
            "unread": list(self.unread),
        }  # fmt: skip


def distinct(causes: Iterable[Cause]) -> list[Cause]:
    """Without those that say the same of other objects: ten pods that crash alike are one cause, which counts them."""
    first: dict[tuple[str, str], Cause] = {}
    about: dict[tuple[str, str], list[str]] = {}
    for cause in causes:
        key = (cause.reason, cause.text if not cause.about else cause.text.replace(cause.about, ""))
        first.setdefault(key, cause)
        about.setdefault(key, []).append(cause.about)
    return [_counted(cause, about[key]) for key, cause in first.items()]


def _counted(cause: Cause, about: Sequence[str]) -> Cause:
    others = [each for each in about if each != cause.about]
    if not others:
        return cause
    shown = ", ".join(others[:3]) + (" …" if len(others) > 3 else "")
    return replace(cause, facts=(*cause.facts, f"the same holds for {len(others)} more: {shown}"))
