"""The objects that an explanation may look at. What is not there yet is noted as wanted; nothing is read here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sampan.contracts.resources import Object, Resource
from sampan_machinery.metadata import get_path

_Kind = tuple[str, str]  # group and kind


@dataclass(frozen=True)
class Want:
    """A collection to be read, one object of it, or the last lines of a container's log."""

    resource: Resource
    namespace: str = ""  # "" = all of them, or the resource has none
    name: str = ""
    container: str = ""  # with the name of a pod: its log, as objects {"line": text}
    previous: bool = False  # the log of the container that ended before the present one
    request: Object | None = None  # to be created and answered, as access reviews are

    def __hash__(self) -> int:
        return hash((self.resource, self.namespace, self.name, self.container, self.previous, repr(self.request)))


#: Reads a Want: objects, one or none where ``name`` is given, or words on why it cannot be read.
Found = list[Object]
Read = Callable[[Want], Found | str]


class Objects:
    """What has been read, by resource. An absent object and one that was not read yet are both None; the second is
    noted in ``wanted``, and the explanation is made again once it was read."""

    def __init__(self, now: float, *, complete: bool = False) -> None:
        self.now = now  # seconds since the epoch
        self.wanted: dict[Want, None] = {}  # in the order of asking
        self.unread: dict[Want, str] = {}
        self._complete = complete
        self._found: dict[Want, Found] = {}
        self._given: dict[_Kind, Found] = {}

    @classmethod
    def of(cls, objects: Iterable[Object], now: float, *, logs: Mapping[tuple[str, str], str] | None = None) -> Objects:
        """All that there is: what is not among the objects does not exist. ``logs`` by pod and container."""
        made = cls(now, complete=True)
        for obj in objects:
            group = obj.get("apiVersion", "v1").rpartition("/")[0]
            made._given.setdefault((group, obj.get("kind", "")), []).append(obj)
        for (pod, container), text in (logs or {}).items():
            made._given.setdefault(("log", container), []).append({"pod": pod, "line": text})
        return made

    def add(self, want: Want, answer: Found | str) -> None:
        """What was read."""
        self.wanted.pop(want, None)
        if isinstance(answer, str):
            self.unread[want] = answer
            self._found[want] = []
        else:
            self._found[want] = answer

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        if not name:
            return None
        for listed in (Want(resource, namespace), Want(resource)):
            if listed in self._found and listed not in self.unread:
                return _named(self._found[listed], name, namespace)
        if self._complete:
            return _named(self._given.get((resource.group, resource.kind), ()), name, namespace)
        found = self._look(Want(resource, namespace, name))
        return found[0] if found else None

    def list(self, resource: Resource, namespace: str = "") -> Found:
        """Those of the namespace; of all with ""."""
        if self._complete:
            given = self._given.get((resource.group, resource.kind), [])
            return [obj for obj in given if not namespace or get_path(obj, "metadata", "namespace") == namespace]
        return self._look(Want(resource, namespace))

    def answer(self, resource: Resource, request: Object, namespace: str = "") -> Object | None:
        """What the server answers to a review."""
        found = [] if self._complete else self._look(Want(resource, namespace, request=request))
        return found[0] if found else None

    def log_line(self, resource: Resource, pod: Object, container: str, *, previous: bool = False) -> str:
        """The last line that the container wrote, "" if there is none or it may not be read."""
        metadata = pod["metadata"]
        if self._complete:
            logs = [each for each in self._given.get(("log", container), ()) if each["pod"] == metadata["name"]]
        else:
            logs = self._look(Want(resource, metadata["namespace"], metadata["name"], container, previous))
        lines = [line for each in logs for line in each["line"].splitlines() if line.strip()]
        return _plain(lines[-1])[:300] if lines else ""

    def is_known(self, resource: Resource, namespace: str = "", name: str = "") -> bool:
        """Whether an answer of ``get`` or ``list`` means what it says: it was read, or could have been."""
        if self._complete:
            return True
        for want in (Want(resource, namespace, name), Want(resource, namespace), Want(resource)):
            if want in self._found and want not in self.unread:
                return True
        return False

    def _look(self, want: Want) -> Found:
        if want not in self._found:
            self.wanted[want] = None
            return []
        return self._found[want]


def _named(objects: Iterable[Object], name: str, namespace: str) -> Object | None:
    for obj in objects:
        metadata = obj["metadata"]
        if metadata["name"] == name and (not namespace or metadata.get("namespace", "") == namespace):
            return obj
    return None


def _plain(line: str) -> str:
    """Without what a terminal would obey."""
    return "".join(each if each.isprintable() else " " for each in line).strip()
