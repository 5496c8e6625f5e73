"""The strategy Webhook: another server converts, asked by a ConversionReview over HTTPS.

Only labels and annotations of an object's metadata are the webhook's to change. Messages are upstream's. Source:
apiextensions-apiserver, pkg/apiserver/conversion/webhook_converter.go.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Reader
from sampan.errors import InternalError
from sampan_machinery.metadata import copy
from sampan_machinery.validation import validate_annotations, validate_labels
from sampan_webhookclient.calls import Call
from sampan_webhookclient.client import WebhookClient
from sampan_webhookclient.destinations import of_config
from sampan_webhookclient.failures import CallFailed
from sampan_webhookclient.responses import Reply

SECONDS = 30.0  # a call may take
_GROUP = "apiextensions.k8s.io"
_KNOWN = ("v1", "v1beta1")
_CHECKED = (("name", "name"), ("namespace", "namespace"), ("uid", "UID"))


class BadAnswer(Exception):
    """What the webhook answered cannot be used."""


class WebhookStrategy:
    """Of one definition. May be called by several threads at a time."""

    def __init__(self, crd: Object, reader: Reader, client: WebhookClient) -> None:
        webhook = crd["spec"]["conversion"].get("webhook") or {}
        self._config = webhook.get("clientConfig") or {}
        self._version = next((each for each in webhook.get("conversionReviewVersions") or () if each in _KNOWN), "")
        self._reader, self._client = reader, client

    def __call__(self, objects: Sequence[Object], api_version: str) -> Sequence[Object]:
        """Raises InternalError."""
        about = f"conversion webhook for {objects[0].get('apiVersion')}, Kind={objects[0].get('kind')}"
        try:
            converted = self._ask(objects, api_version)
        except (CallFailed, BadAnswer) as error:
            raise InternalError(f"{about} failed: {error}") from error
        if len(converted) != len(objects):
            raise InternalError(f"{about} returned {len(converted)} objects, expected {len(objects)}")
        made = []
        for index, (obj, answer) in enumerate(zip(objects, converted, strict=True)):
            try:
                made.append(taken(obj, answer, api_version))
            except BadAnswer as error:
                words = f"{about} returned invalid converted object at index {index}: {error}"
                raise InternalError(words) from error
        return made

    def _ask(self, objects: Sequence[Object], api_version: str) -> Sequence[Any]:
        """Raises CallFailed or BadAnswer."""
        if not self._version:
            raise BadAnswer("no supported conversion review versions")
        uid = str(uuid.uuid4())
        request = {"uid": uid, "desiredAPIVersion": api_version, "objects": objects}
        review = {"kind": "ConversionReview", "apiVersion": f"{_GROUP}/{self._version}", "request": request}
        body = msgspec.json.encode(review)
        return self._read(self._client.call(Call(of_config(self._config, self._reader), body, SECONDS)), uid)

    def _read(self, reply: Reply, uid: str) -> Sequence[Any]:
        try:
            review = msgspec.json.decode(reply.body) if reply.body else None
        except (msgspec.MsgspecError, ValueError) as error:
            review, why = None, str(error)
        else:
            why = ""
        if not 200 <= reply.status < 300:
            text = review.get("message") if isinstance(review, dict) else ""
            words = f"the server responded with the status code {reply.status} but did not return more information"
            raise BadAnswer(text or words)
        if not isinstance(review, dict):
            raise BadAnswer(why or "the response is not an object")
        response = review.get("response")
        if self._version == "v1":
            self._check_kind(review)
        if not isinstance(response, dict):
            raise BadAnswer("no response provided")
        if self._version == "v1" and response.get("uid") != uid:
            raise BadAnswer(f'expected response.uid="{uid}", got "{response.get("uid") or ""}"')
        result: Any = response.get("result")
        result = result if isinstance(result, dict) else {}
        if result.get("status") != "Success":
            unsaid = f"response.result.status was '{result.get('status') or ''}', not 'Success'"
            raise BadAnswer(result.get("message") or unsaid)
        found = response.get("convertedObjects")
        return found if isinstance(found, list) else ()

    def _check_kind(self, review: Object) -> None:
        if review.get("apiVersion") != f"{_GROUP}/v1" or review.get("kind") != "ConversionReview":
            wanted = f"{_GROUP}/v1, Kind=ConversionReview"
            given = f"{review.get('apiVersion') or ''}, Kind={review.get('kind') or ''}"
            raise BadAnswer(f"expected webhook response of {wanted}, got {given}")


def taken(obj: Object, converted: Any, api_version: str) -> Object:
    """The converted object with the metadata of the original. Raises BadAnswer."""
    if not isinstance(converted, dict):
        raise BadAnswer("it is not an object")
    if converted.get("apiVersion") != api_version:
        given = converted.get("apiVersion") or ""
        raise BadAnswer(f"invalid groupVersion (expected {api_version}, received {given})")
    if converted.get("kind") != obj.get("kind"):
        raise BadAnswer(f"invalid kind (expected {obj.get('kind')}, received {converted.get('kind') or ''})")
    answered = converted.get("metadata")
    if answered is None:
        raise BadAnswer("missing metadata in converted object")
    if not isinstance(answered, dict):
        raise BadAnswer("invalid metadata in converted object")
    meta = copy(obj.get("metadata") or {})
    for name, word in _CHECKED:
        if (meta.get(name) or "") != (answered.get(name) or ""):
            mine, other = meta.get(name) or "", answered.get(name) or ""
            raise BadAnswer(f"must have the same {word}: {mine} != {other}")
    for name in ("labels", "annotations"):
        _take(meta, answered, name)
    return {**converted, "metadata": meta}


def _take(meta: Object, answered: Object, name: str) -> None:
    found = answered.get(name)
    if found is None:
        meta.pop(name, None)
        return
    if not isinstance(found, dict):
        raise BadAnswer(f"invalid metadata.{name} in converted object")
    for key, value in found.items():
        if not isinstance(value, str):
            raise BadAnswer(f"metadata.{name}[{key}] must be a string in converted object")
    if found != meta.get(name):
        check = validate_labels if name == "labels" else validate_annotations
        wrong = check(found, f"metadata.{name}")
        if wrong:
            raise BadAnswer(", ".join(f"{problem.path}: {problem.message}" for problem in wrong))
    meta[name] = found
