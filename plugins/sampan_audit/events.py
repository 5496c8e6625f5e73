"""Audit events (audit.k8s.io/v1 Event): what a request says, and the event that is made of it. Pure.

A request costs only ``facts_of``; the event is made on the thread that writes the log.

Source: upstream's pkg/audit/request.go and API reference audit.k8s.io/v1.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from sampan.contracts.access import User
from sampan.contracts.chain import ChainRequest
from sampan_audit.policy import LEVELS
from sampan_machinery.metadata import micro_text
from sampan_machinery.users import user_info

Event = dict[str, Any]
_LONGEST_AGENT = 1024
_MOST_USERS = 1024


class Facts(NamedTuple):
    """What is the same at every stage of a request. Holds nothing of its body."""

    level: int
    audit_id: str
    received: float
    uri: str
    verb: str
    caller: User | None  # None: authentication has refused it
    forwarded: str
    real: str
    peer: str
    agent: str
    group: str
    version: str
    resource: str
    namespace: str
    name: str
    subresource: str


def facts_of(request: ChainRequest, level: int, audit_id: str, received: float) -> Facts:
    header = request.headers.get
    return Facts(
        level, audit_id, received, request.uri, request.verb, request.caller, header("x-forwarded-for") or "",
        header("x-real-ip") or "", request.peer, header("user-agent") or "", request.group, request.version,
        request.resource, request.namespace, request.name, request.subresource,
    )  # fmt: skip


def event_of(facts: Facts, stage: str, now: float) -> Event:
    """Without its outcome."""
    event: Event = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": LEVELS[facts.level],
        "auditID": facts.audit_id,
        "stage": stage,
        "requestURI": facts.uri,
        "verb": facts.verb,
        "user": {} if facts.caller is None else _user_info(facts.caller),
    }
    sources = source_addresses(facts.forwarded, facts.real, facts.peer)
    if sources:
        event["sourceIPs"] = sources
    agent = facts.agent
    if agent:
        event["userAgent"] = agent if len(agent) <= _LONGEST_AGENT else f"{agent[:_LONGEST_AGENT]}...TRUNCATED"
    if facts.resource:
        event["objectRef"] = _reference(facts)
    event["requestReceivedTimestamp"] = micro_text(facts.received)
    event["stageTimestamp"] = micro_text(now)
    return event


def impersonated(event: Event, user: User) -> None:
    """Note whom the caller acts as; known once the chain has passed that step."""
    event["impersonatedUser"] = user_info(user)


def ended(event: Event, status: int, annotations: Mapping[str, str]) -> None:
    event["responseStatus"] = {"metadata": {}, "code": status}
    if annotations:
        event["annotations"] = dict(annotations)


@lru_cache(1024)
def source_addresses(forwarded: str, real: str, peer: str) -> list[str]:
    """What proxies say (X-Forwarded-For, X-Real-Ip), then the connection's own address: only that cannot be forged.
    Not to be changed: it is remembered."""
    found = [each for text in forwarded.split(",") if (each := text.strip())] if forwarded else []
    real = real.strip()
    for address in (real, peer):
        if address and (address not in found if address == real else found[-1:] != [address]):
            found.append(address)
    return found


_users: dict[int, tuple[User, dict[str, Any]]] = {}  # by identity: a user's ``extra`` cannot be hashed


def _user_info(user: User) -> dict[str, Any]:
    """Remembered: authenticators answer with the same User again and again."""
    found = _users.get(id(user))
    if found is None or found[0] is not user:
        if len(_users) >= _MOST_USERS:
            _users.clear()
        found = _users[id(user)] = (user, user_info(user))
    return found[1]


def _reference(facts: Facts) -> dict[str, str]:
    found = {"resource": facts.resource}
    if facts.namespace:
        found["namespace"] = facts.namespace
    if facts.name:
        found["name"] = facts.name
    if facts.group:
        found["apiGroup"] = facts.group
    if facts.version:
        found["apiVersion"] = facts.version
    if facts.subresource:
        found["subresource"] = facts.subresource
    return found
