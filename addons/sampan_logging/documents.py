"""Entries as Elasticsearch documents: their ids, their index, their fields, and the index template for them.

Pure. An id is made from what a line *is* (pod, container, time, place, text), so that a line sent twice is one
document. Field names follow the Elastic Common Schema where it has them. Must not know the client.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from typing import Any

from sampan_logging.entries import Entry, Source
from sampan_logging.lines import shown

Action = dict[str, Any]


def actions(entry: Entry, *, prefix: str, stream: bool, cluster: str, flat: bool) -> Iterator[Action]:
    """One ``create`` a line, and one that tells of a gap where there is one.

    stream: into the data stream ``prefix`` instead of one index a day; flat: labels as the flattened field that the
    template makes of them, else with their dots replaced, for dynamic mappings make objects of dots.
    """
    about = _about(entry.source, cluster, flat)
    about["kubernetes"]["container"]["restarts"] = entry.progress.run
    for ns, ordinal, text in entry.lines:
        document = {"@timestamp": shown(ns), "order": ordinal, "message": text.decode(errors="replace"), **about}
        yield _action(identity(entry.source, ns, ordinal, text), ns, document, prefix, stream)
    if entry.gap:
        document = {"@timestamp": shown(entry.at), "order": 0, "message": entry.gap, "event": {"kind": "gap"}, **about}
        yield _action(identity(entry.source, entry.at, -1, entry.gap.encode()), entry.at, document, prefix, stream)


def identity(source: Source, ns: int, ordinal: int, text: bytes) -> str:
    """Of one line for ever. The runs of a container do not overlap in time, so the run is not part of it."""
    hashed = hashlib.blake2b(digest_size=15)
    hashed.update(f"{source.uid}/{source.container}/{ns}/{ordinal}/".encode())
    hashed.update(text)
    return hashed.hexdigest()


def day(ns: int) -> str:
    return time.strftime("%Y.%m.%d", time.gmtime(ns // 1_000_000_000))


def index_name(prefix: str, ns: int, *, stream: bool) -> str:
    return prefix if stream else f"{prefix}-{day(ns)}"


def outdated(names: list[str], prefix: str, days: int, now: float) -> list[str]:
    """Those daily indices whose day ended more than so many days ago."""
    oldest = time.strftime("%Y.%m.%d", time.gmtime(now - days * 86400))
    return sorted(name for name in names if _day_of(name, prefix) and _day_of(name, prefix) < oldest)


def _day_of(name: str, prefix: str) -> str:
    rest = name.removeprefix(f"{prefix}-") if name.startswith(f"{prefix}-") else ""
    try:
        time.strptime(rest, "%Y.%m.%d")
    except ValueError:
        return ""
    return rest


def _action(identifier: str, ns: int, document: dict[str, Any], prefix: str, stream: bool) -> Action:
    index = index_name(prefix, ns, stream=stream)
    return {"_op_type": "create", "_index": index, "_id": identifier, "_source": document}


def _about(source: Source, cluster: str, flat: bool) -> dict[str, Any]:
    labels = source.labels if flat else _without_dots(source.labels)
    about: dict[str, Any] = {
        "kubernetes": {
            "namespace": source.namespace,
            "pod": {"name": source.pod, "uid": source.uid},
            "node": {"name": source.node},
            "container": {"name": source.container, "kind": source.kind},
            "labels": labels,
        },
    }
    if source.image:
        about["container"] = {"image": {"name": source.image}}
    if cluster:
        about["orchestrator"] = {"cluster": {"name": cluster}}
    return about


def _without_dots(labels: dict[str, str]) -> dict[str, str | list[str]]:
    """Where two names become one both values stay."""
    found: dict[str, str | list[str]] = {}
    for key, value in sorted(labels.items()):
        name = key.replace(".", "_")
        before = found.get(name, [])
        values = [*([before] if isinstance(before, str) else before), value]
        found[name] = values if len(values) > 1 else value
    return found


def template(prefix: str, *, stream: bool, shards: int, replicas: int) -> dict[str, Any]:
    """The index template's body. What is not mapped is kept and not searched: no document changes the mapping."""
    keyword = {"type": "keyword", "ignore_above": 8191}
    named = {"properties": {"name": keyword}}
    mappings = {
        "dynamic": False,
        "properties": {
            "@timestamp": {"type": "date_nanos"},
            "order": {"type": "long"},
            "message": {"type": "text", "norms": False},
            "event": {"properties": {"kind": keyword}},
            "orchestrator": {"properties": {"cluster": named}},
            "container": {"properties": {"image": named}},
            "kubernetes": {
                "properties": {
                    "namespace": keyword,
                    "pod": {"properties": {"name": keyword, "uid": keyword}},
                    "node": named,
                    "container": {"properties": {"name": keyword, "kind": keyword, "restarts": {"type": "integer"}}},
                    "labels": {"type": "flattened", "ignore_above": 8191},
                }
            },
        },
    }
    settings = {"index": {"number_of_shards": shards, "number_of_replicas": replicas}}
    return {
        "index_patterns": [prefix if stream else f"{prefix}-*"],
        "priority": 300,
        "template": {"settings": settings, "mappings": mappings},
        **({"data_stream": {}} if stream else {}),
        "_meta": {"from": "sampan logging"},
    }
