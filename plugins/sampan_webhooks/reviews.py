"""AdmissionReviews: the request that a webhook gets, and what its response says. Pure.

Source: admission.k8s.io/v1; apiserver's plugin/webhook/request/admissionreview.go (checks and their wording).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object, Resource
from sampan.errors import BadRequest
from sampan_admission.requestbodies import request_of
from sampan_admission.subjects import Subject
from sampan_machinery import schema

GROUP = "admission.k8s.io"
JSON_PATCH = "JSONPatch"


class Response(NamedTuple):
    """What a webhook answered, checked."""

    allowed: bool
    status: dict[str, Any] | None
    patch: bytes
    patch_type: str
    warnings: tuple[str, ...]
    annotations: Mapping[str, str]


class Unusable(ValueError):
    """The response breaks the contract; the message is upstream's."""


def review(
    version: str, uid: str, subject: Subject, matched: Resource, obj: Object | None, old: Object | None
) -> dict[str, Any]:
    """The AdmissionReview to send; objects are in the version that matched."""
    request = {"uid": uid, **request_of(subject, matched), "object": obj, "oldObject": old}
    return {"kind": "AdmissionReview", "apiVersion": f"{GROUP}/{version}", "request": request}


def checked(version: str, uid: str, found: Any, *, mutating: bool) -> Response:
    """Raises Unusable."""
    if not isinstance(found, dict):
        raise Unusable("couldn't get version/kind; json parse error")
    sent = (found.get("apiVersion"), found.get("kind"))
    if not all(isinstance(each, str) and each for each in sent):
        raise Unusable("Object 'Kind' is missing in the response" if not sent[1] else "apiVersion is missing")
    response = found.get("response")
    if response is None:
        raise Unusable("webhook response was absent")
    if not isinstance(response, dict):
        raise Unusable("json: cannot unmarshal the response")
    fields = _typed(response)
    if version != "v1":  # v1beta1 asked less of a response
        patch_type = JSON_PATCH if fields.patch and mutating else ""
        return fields._replace(patch=fields.patch if mutating else b"", patch_type=patch_type)
    if response.get("uid") != uid:
        raise Unusable(f'expected response.uid="{uid}", got "{response.get("uid") or ""}"')
    if sent != (f"{GROUP}/v1", "AdmissionReview"):
        raise Unusable(f"expected webhook response of {GROUP}/v1, Kind=AdmissionReview, got {sent[0]}, Kind={sent[1]}")
    _check_patch(fields, response.get("patchType"), mutating=mutating)
    return fields


def _check_patch(fields: Response, patch_type: Any, *, mutating: bool) -> None:
    if not mutating:
        if fields.patch:
            raise Unusable("validating webhook may not return response.patch")
        if patch_type is not None:
            raise Unusable("validating webhook may not return response.patchType")
    elif fields.patch and patch_type is None:
        raise Unusable("webhook returned response.patch but not response.patchType")
    elif not fields.patch and patch_type is not None:
        raise Unusable("webhook returned response.patchType but not response.patch")
    elif patch_type == "":
        raise Unusable('webhook returned invalid response.patchType of ""')


def _typed(response: Mapping[str, Any]) -> Response:
    """The fields, each of its type."""
    allowed, status = response.get("allowed", False), response.get("status")
    warnings, annotations = response.get("warnings") or (), response.get("auditAnnotations") or {}
    if not isinstance(allowed, bool):
        raise Unusable("json: cannot unmarshal response.allowed into a bool")
    if status is not None:
        status = _status(status)
    if not isinstance(warnings, list | tuple) or not all(isinstance(each, str) for each in warnings):
        raise Unusable("json: cannot unmarshal response.warnings into a list of strings")
    if not isinstance(annotations, dict) or not all(isinstance(each, str) for each in annotations.values()):
        raise Unusable("json: cannot unmarshal response.auditAnnotations into a map of strings")
    patch_type = response.get("patchType")
    if patch_type is not None and not isinstance(patch_type, str):
        raise Unusable("json: cannot unmarshal response.patchType into a string")
    return Response(allowed, status, _patch(response.get("patch")), patch_type or "", tuple(warnings), annotations)


def _status(found: Any) -> dict[str, Any]:
    """The fields that a Status has: a client that gets it reads it into one."""
    if not isinstance(found, dict):
        raise Unusable("json: cannot unmarshal response.status into an object")
    try:
        status: dict[str, Any] = schema.load().prune(
            "", "v1", "Status", {**found, "kind": "Status", "apiVersion": "v1"}
        )
    except BadRequest as error:
        raise Unusable(error.message) from None
    return {name: value for name, value in status.items() if name not in ("kind", "apiVersion")}


def _patch(found: Any) -> bytes:
    if not found:
        return b""
    try:
        return base64.b64decode(found, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise Unusable("illegal base64 data in response.patch") from None
