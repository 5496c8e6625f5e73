"""Tokens of a pod's service account for drivers that ask for them (CSIDriver ``tokenRequests``).

Source: KEP-2047, KEP-5538 (tokens in secrets); the JSON is upstream's.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_csi.requests import PREFIX
from sampan_machinery.metadata import get_path, parse_time
from sampan_machinery.resources import SERVICE_ACCOUNTS
from sampan_volumes.contracts import VolumeFailure

KEY = f"{PREFIX}serviceAccount.tokens"
LIFETIME = 3600  # seconds, where the driver says nothing
_RENEWED = 0.8  # of a token's life

_Known = tuple[float, Object]  # when it is renewed, {"token", "expirationTimestamp"}


class DriverTokens:
    """Thread-safe. ``client`` has the node's identity."""

    def __init__(self, client: Any, clock: Callable[[], float] = time.time) -> None:
        self._client, self._clock = client, clock
        self._known: dict[tuple[str, str, int], _Known] = {}
        self._lock = threading.Lock()

    def context_and_secrets(self, pod: Object, about: Object) -> tuple[dict[str, str], dict[str, str]]:
        """What NodePublishVolume gets besides, in its volume context or in its secrets. Raises VolumeFailure."""
        asked = get_path(about, "spec", "tokenRequests", default=None) or ()
        if not asked:
            return {}, {}
        tokens = {one.get("audience") or "": self._token(pod, one) for one in asked}
        given = {KEY: json.dumps(tokens, sort_keys=True, separators=(",", ":"))}
        if get_path(about, "spec", "serviceAccountTokenInSecrets", default=False):
            return {}, given
        return given, {}

    def _token(self, pod: Object, asked: Object) -> Object:
        meta, audience = pod["metadata"], asked.get("audience") or ""
        lifetime = int(asked.get("expirationSeconds") or LIFETIME)
        key = (meta["uid"], audience, lifetime)
        with self._lock:
            found = self._known.get(key)
        if found is None or found[0] <= self._clock():
            found = self._fetch(pod, audience, lifetime)
            with self._lock:
                now = self._clock()
                self._known = {known: one for known, one in self._known.items() if one[0] > now} | {key: found}
        return found[1]

    def _fetch(self, pod: Object, audience: str, lifetime: int) -> _Known:
        meta, account = pod["metadata"], pod["spec"].get("serviceAccountName") or "default"
        bound = {"kind": "Pod", "apiVersion": "v1", "name": meta["name"], "uid": meta["uid"]}
        audiences = [audience] if audience else []
        request: Object = {
            "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": {},
            "spec": {"audiences": audiences, "expirationSeconds": lifetime, "boundObjectRef": bound},
        }  # fmt: skip
        try:
            answer = self._client.create(
                SERVICE_ACCOUNTS, request, meta["namespace"], subresource="token", name=account
            )["status"]  # fmt: skip
        except StatusError as error:
            raise VolumeFailure(f"failed to get a service account token for the driver: {error}") from error
        now, until = self._clock(), answer.get("expirationTimestamp")
        end = parse_time(until) if until else now + lifetime
        return now + (end - now) * _RENEWED, {"token": answer["token"], "expirationTimestamp": until}
