"""The kind CertificateSigningRequest: what its three ways of writing may change.

Source: upstream's pkg/registry/certificates, strategies and printer.
"""

from __future__ import annotations

import time
from typing import Any

from sampan.contracts.access import User
from sampan.contracts.kinds import Column, Draft, Kind, Object
from sampan.contracts.serving import Subresource
from sampan_certificates.conditions import conditions_of, fill_times, keep_decision, phase
from sampan_certificates.validation import decided_by_status, validate
from sampan_machinery import problems
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.metadata import now_text
from sampan_machinery.resources import CERTIFICATE_SIGNING_REQUESTS as REQUESTS
from sampan_machinery.tables import human_duration

_CALLER = ("username", "uid", "groups", "extra")


def prepare(draft: Draft) -> None:
    new, old = draft.object, draft.old
    if old is None:
        _identify(new, draft.caller)
        return
    new["spec"] = old.get("spec") or {}
    if draft.subresource == "status":
        if conditions_of(new):
            keep_decision(new, old)
        fill_times(new, old, now_text(time.time()))
        found = list(decided_by_status(new, old))
        if found:
            name = old["metadata"]["name"]
            raise problems.as_error(found, group=REQUESTS.group, kind=REQUESTS.kind, name=name)


def _identify(request: Object, caller: User) -> None:
    """Who asks is what the server knows, never what was sent."""
    spec = request.setdefault("spec", {})
    for name in _CALLER:
        spec.pop(name, None)
    known: dict[str, Any] = {
        "username": caller.name, "uid": caller.uid, "groups": list(caller.groups),
        "extra": {key: list(values) for key, values in caller.extra.items()},
    }  # fmt: skip
    spec.update((name, value) for name, value in known.items() if value)


def approve(current: Object, submitted: Object) -> Object:
    """What /approval stores: the submitted metadata and conditions."""
    status = dict(current.get("status") or {})
    conditions = [dict(each) for each in conditions_of(submitted)]
    status.pop("conditions", None)
    if conditions:
        status["conditions"] = conditions
    made = {**current, "metadata": submitted["metadata"], "status": status}
    fill_times(made, current, now_text(time.time()))
    return made


def _spec(obj: Object) -> Object:
    return obj.get("spec") or {}


def _duration(obj: Object) -> str:
    seconds = _spec(obj).get("expirationSeconds")
    return "<none>" if seconds is None else human_duration(seconds)


def _signer(obj: Object) -> str:
    return _spec(obj).get("signerName") or ""


CERTIFICATE_SIGNING_REQUEST = Kind(
    **REQUESTS._asdict(),
    short_names=("csr",),
    status=True,
    unmanaged=("spec",),
    columns=(
        NAME,
        AGE,
        Column("SignerName", lambda obj: _signer(obj) or "<none>"),
        Column("Requestor", lambda obj: _spec(obj).get("username") or ""),
        Column("RequestedDuration", _duration),
        Column("Condition", phase),
    ),
    subresources=(
        Subresource(
            name="approval", kind=REQUESTS.kind, group=REQUESTS.group, verbs=("get", "patch", "update"),
            merge=approve, resets=("spec", "status.certificate"),
        ),
    ),
    fields={"spec.signerName": _signer},
    prepare=prepare,
    validate=validate,
    name_rule="path",
)  # fmt: skip
