"""Logs: which pods and containers, how much, which lines; and the page."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import falcon

from sampan.contracts.kinds import Object
from sampan.errors import NotFound, StatusError
from sampan_client.paths import path_of, with_query
from sampan_dashboard.accounts import Account
from sampan_dashboard.navigation import link
from sampan_dashboard.permissions import missing_rule
from sampan_dashboard.plaintext import plain
from sampan_dashboard.reading import Target, some, target_of
from sampan_dashboard.web import Pages
from sampan_machinery import selectors
from sampan_machinery.metadata import now_text

TAIL = 200
TAILS = (100, 200, 1000, 5000)
MOST_SOURCES = 50  # streams of one page
MOST_BYTES = 2_000_000  # of one log on a page that is not live
STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d)) ?")


class Source(NamedTuple):
    namespace: str
    pod: str
    container: str
    label: str  # before each line, "" where there is only one source


class Line(NamedTuple):
    source: str
    time: str
    text: str


class Asked(NamedTuple):
    """What the address of a log page says."""

    container: str
    previous: bool
    tail: int
    words: str
    since: str = ""  # RFC 3339; only lines after it

    @classmethod
    def of(cls, req: falcon.Request) -> Asked:
        tail = req.get_param("tail") or ""
        return cls(
            req.get_param("container") or "", req.get_param("previous") == "1",
            int(tail) if tail in map(str, TAILS) else TAIL, req.get_param("q") or "",
            moment(req.get_header("Last-Event-ID") or req.get_param("since") or ""),
        )  # fmt: skip

    def query(self, container: str, *, follow: bool = False) -> Mapping[str, object]:
        return {
            "container": container, "previous": self.previous, "tailLines": "" if self.since else self.tail,
            "sinceTime": self.since, "timestamps": True, "follow": follow and not self.previous,
        }  # fmt: skip

    def takes(self, text: str, time: str = "") -> bool:
        """The server's ``sinceTime`` knows whole seconds only."""
        is_new = not time or fraction(time) > fraction(self.since)
        return is_new and self.words.lower() in text.lower()


def moment(text: str) -> str:
    """A timestamp that a browser sends back; "" for anything else."""
    return text if STAMP.fullmatch(text.encode()) else ""


def fraction(time: str) -> str:
    """A time in UTC such that an earlier one is less as text, however many digits each has."""
    return time.removesuffix("Z")


def timed(line: bytes) -> tuple[str, str]:
    """The timestamp before a line, and its text without control characters."""
    found = STAMP.match(line)
    stamp = found[1].decode() if found else ""
    return stamp, plain(line[found.end() if found else 0 :].decode("utf-8", "replace"))


def containers(pod: Object) -> list[str]:
    spec = pod.get("spec") or {}
    return [
        str(each["name"])
        for part in ("containers", "initContainers", "ephemeralContainers")
        for each in spec.get(part) or ()
    ]


def sources_of(pods: Sequence[Object], container: str) -> list[Source]:
    """One for each container of each pod, or for those of that name; labelled where there are several."""
    found = [
        (pod, name) for pod in pods for name in containers(pod)
        if (not container and name in containers(pod)[: len((pod.get("spec") or {}).get("containers") or ())])
        or name == container
    ]  # fmt: skip
    several_pods, several = len(pods) > 1, len({name for _, name in found}) > 1

    def label(pod: Object, name: str) -> str:
        parts = ([str(pod["metadata"]["name"])] if several_pods else []) + ([name] if several else [])
        return "/".join(parts)

    return [
        Source(str(pod["metadata"].get("namespace") or ""), str(pod["metadata"]["name"]), name, label(pod, name))
        for pod, name in found
    ][:MOST_SOURCES]


def pods_of(account: Account, target: Target) -> list[Object]:
    """The pod itself, or those that a workload's selector takes. Raises NotFound for what has no pods."""
    obj = target.get()
    if obj["kind"] == "Pod":
        return [obj]
    pods = account.kind("pods")
    selector = selector_of(obj)
    if pods is None or not selector:
        raise NotFound(f"{target.resource.kind} {target.name} selects no pods")
    return some(account.client, pods.resource, target.namespace, labels=selector, most=MOST_SOURCES)


def selector_of(obj: Object) -> str:
    """The label selector of a workload or Service, as text; "" for none."""
    found: Any = (obj.get("spec") or {}).get("selector")
    if not isinstance(found, dict) or not found:
        return ""
    if "matchLabels" in found or "matchExpressions" in found:
        return str(selectors.from_object(found))
    return ",".join(f"{key}={value}" for key, value in sorted(found.items()))


def sources(account: Account, target: Target, asked: Asked) -> list[Source]:
    return sources_of(pods_of(account, target), asked.container)


def merged(parts: Iterable[Sequence[Line]]) -> list[Line]:
    """By time; lines without one stay after the line before them."""
    found: list[tuple[str, int, Line]] = []
    for part in parts:
        last = ""
        for line in part:
            last = line.time or last
            found.append((last, len(found), line))
    return [line for _, _, line in sorted(found, key=lambda each: each[:2])]


class LogPage:
    """The last lines; a script goes on with those that come. Without one the page can be loaded again."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str) -> None:
        target, asked = target_of(req, kind, namespace, name), Asked.of(req)
        req.context.rule = missing_rule("get", target.resource, target.namespace, "log")
        pods, read_at = pods_of(target.account, target), now_text(time.time())
        found = sources_of(pods, asked.container)
        parts, failures = [], []
        for source in found:
            try:
                parts.append(self._read(target, source, asked))
            except StatusError as error:
                if error.code == 403:
                    raise
                failures.append(f"{source.label or source.pod}: {error.message}")
        lines = merged(parts)[-asked.tail :]
        live = link(
            "live", "o", kind, namespace, name, "logs", container=asked.container, q=asked.words,
            since=lines[-1].time if lines else read_at,
        )  # fmt: skip
        self._pages.show(
            req, resp, "logs.html", target=target, asked=asked, lines=lines, failures=failures, tails=TAILS,
            containers=sorted({each for pod in pods for each in containers(pod)}),
            live="" if asked.previous or not found else live,
        )  # fmt: skip

    def _read(self, target: Target, source: Source, asked: Asked) -> list[Line]:
        pods = target.account.kind("pods")
        assert pods is not None
        path = path_of(pods.resource, source.namespace, source.pod, "log")
        query = {**asked.query(source.container), "limitBytes": MOST_BYTES}
        body = target.client.request("GET", with_query(path, query), headers={"Accept": "*/*"}).body
        lines = (timed(line) for line in body.split(b"\n") if line)
        return [Line(source.label, time, text) for time, text in lines if asked.takes(text)]
