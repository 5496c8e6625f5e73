"""Walking over the containers of a pod, and the words in which checks tell what is wrong. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_podspec.containers import walk


class Violation(NamedTuple):
    """What a check found. The reason is always told, the detail where one object is meant."""

    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


def containers(spec: Object) -> Iterator[Object]:
    """All of them: init, main, ephemeral."""
    return (container for _, container in walk(spec))


def security(holder: Object) -> Object:
    """The security context of a pod or container."""
    return holder.get("securityContext") or {}


def names_where(spec: Object, is_bad: Callable[[Object], Any]) -> list[str]:
    """The names of the containers of which that is true, in their order."""
    return [str(container.get("name") or "") for container in containers(spec) if is_bad(container)]


def plural(word: str, number: int) -> str:
    return word if number == 1 else f"{word}s"


def uses(number: int) -> str:
    return "uses" if number == 1 else "use"


def quoted(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def counted(word: str, names: Sequence[str]) -> str:
    """``container "a"``, ``containers "a", "b"``."""
    return f"{plural(word, len(names))} {quoted(names)}"


def setters(of_pod: bool, names: Sequence[str]) -> str:
    """Who sets something: the pod, containers, or both; "" for neither."""
    return " and ".join([*(["pod"] if of_pod else []), *([counted("container", names)] if names else [])])
