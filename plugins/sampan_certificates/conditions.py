"""The conditions of a CertificateSigningRequest. Unlike others they are a log: Approved, Denied and Failed stay.

Source: upstream's strategy of certificatesigningrequests and certificate_controller_utils.
"""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Object

APPROVED, DENIED, FAILED = "Approved", "Denied", "Failed"
Condition = dict[str, Any]


def conditions_of(request: Object) -> list[Condition]:
    return (request.get("status") or {}).get("conditions") or []


def of_type(request: Object, type: str) -> list[Condition]:
    return [each for each in conditions_of(request) if each.get("type") == type]


def is_approved(request: Object) -> bool:
    return bool(of_type(request, APPROVED)) and not of_type(request, DENIED)


def is_decided(request: Object) -> bool:
    return bool(of_type(request, APPROVED) or of_type(request, DENIED))


def has_failed(request: Object) -> bool:
    return any(each.get("status") in (None, "", "True") for each in of_type(request, FAILED))


def certificate_of(request: Object) -> str:
    """The issued certificate, base64 of PEM; "" for none."""
    return (request.get("status") or {}).get("certificate") or ""


def phase(request: Object) -> str:
    """What ``kubectl get`` shows."""
    text = "Denied" if of_type(request, DENIED) else "Approved" if of_type(request, APPROVED) else "Pending"
    if of_type(request, FAILED):
        text += ",Failed"
    return f"{text},Issued" if certificate_of(request) else text


def fill_times(request: Object, old: Object, now: str) -> None:
    """Give each condition the times that it lacks: the old one's transition where the status is the same."""
    for condition in conditions_of(request):
        condition["lastUpdateTime"] = condition.get("lastUpdateTime") or now
        if not condition.get("lastTransitionTime"):
            condition["lastTransitionTime"] = _transition(condition, old) or now


def _transition(condition: Condition, old: Object) -> str:
    same = (
        each.get("lastTransitionTime")
        for each in of_type(old, condition.get("type", ""))
        if each.get("status") == condition.get("status")
    )
    return next(filter(None, same), "")


def keep_decision(request: Object, old: Object) -> None:
    """A write to /status does not change what /approval has written; one that adds or removes it is left for
    validation to refuse."""
    for type in (APPROVED, DENIED):
        before = of_type(old, type)
        if len(of_type(request, type)) == len(before):
            kept = iter(before)
            request["status"]["conditions"] = (
                [next(kept) if each.get("type") == type else each for each in conditions_of(request)]
                if before
                else conditions_of(request)
            )
