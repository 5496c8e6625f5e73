"""Audit events (audit.k8s.io/v1 Event): what is known when a request is there, and when it has ended. Pure.

Source: upstream's pkg/audit/request.go and API reference audit.k8s.io/v1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sampan.contracts.chain import ChainRequest
from sampan_audit.policy import LEVELS
from sampan_machinery.metadata import micro_text
from sampan_machinery.users import user_info

Event = dict[str, Any]
_LONGEST_AGENT = 1024


def begun(request: ChainRequest, level: int, audit_id: str, received: float) -> Event:
    """What is the same at every stage."""
    event: Event = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": LEVELS[level],
        "auditID": audit_id,
        "stage": "",
        "requestURI": request.uri,
        "verb": request.verb,
        "user": user_info(request.caller),
    }
    sources = source_addresses(request)
    if sources:
        event["sourceIPs"] = sources
    agent = request.headers.get("user-agent")
    if agent:
        event["userAgent"] = agent if len(agent) <= _LONGEST_AGENT else f"{agent[:_LONGEST_AGENT]}...TRUNCATED"
    if request.resource:
        event["objectRef"] = _reference(request)
    event["requestReceivedTimestamp"] = micro_text(received)
    return event


def at_stage(event: Event, stage: str, now: float) -> Event:
    return {**event, "stage": stage, "stageTimestamp": micro_text(now)}


def impersonated(event: Event, request: ChainRequest) -> None:
    """Note whom the caller acts as; known once the chain has passed that step."""
    if request.caller is not request.user:
        event["impersonatedUser"] = user_info(request.user)


def ended(event: Event, status: int, annotations: Mapping[str, str]) -> None:
    event["responseStatus"] = {"metadata": {}, "code": status}
    if annotations:
        event["annotations"] = dict(annotations)


def source_addresses(request: ChainRequest) -> list[str]:
    """What proxies say, then the connection's own address: only that cannot be forged."""
    headers = request.headers
    forwarded = headers.get("x-forwarded-for")
    found = [each for text in forwarded.split(",") if (each := text.strip())] if forwarded else []
    real = (headers.get("x-real-ip") or "").strip()
    for address in (real, request.peer):
        if address and (address not in found if address == real else found[-1:] != [address]):
            found.append(address)
    return found


def _reference(request: ChainRequest) -> dict[str, str]:
    named = (
        ("resource", request.resource), ("namespace", request.namespace), ("name", request.name),
        ("apiGroup", request.group), ("apiVersion", request.version), ("subresource", request.subresource),
    )  # fmt: skip
    return {key: value for key, value in named if value}
