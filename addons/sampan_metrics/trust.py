"""Which front proxy may name callers, from kube-system/extension-apiserver-authentication.

Source: "Configure the Aggregation Layer". No other client is accepted: the API server has authorized the requests that
it passes on."""

from __future__ import annotations

import json
import logging
import ssl
from dataclasses import dataclass
from typing import Any, Protocol

from sampan.contracts.kinds import Object
from sampan_serving.subjects import subject_of

log = logging.getLogger(__name__)

CONFIG = "extension-apiserver-authentication"
USER_HEADERS = ("X-Remote-User",)


class SupportsGet(Protocol):
    """A request's headers, by name in any case."""

    def get(self, name: str, /) -> str | None: ...


@dataclass(frozen=True)
class FrontProxyTrust:
    """``authority``: PEM of who signs front proxies' certificates. ``names``: which of them count; () means all."""

    authority: str
    names: tuple[str, ...] = ()
    user_headers: tuple[str, ...] = USER_HEADERS

    def user(self, certificate: Any, headers: SupportsGet) -> str:
        """The caller's name, where a front proxy says it; "" otherwise. ``certificate`` as getpeercert() gives it: it
        has been verified against ``authority``, or is empty."""
        if not certificate:
            return ""
        if self.names and not subject_of(certificate).names & set(self.names):
            return ""
        return next((value for name in self.user_headers if (value := headers.get(name))), "")


def read(config_map: Object | None) -> FrontProxyTrust | None:
    """What the ConfigMap says; None where there is none or it names no authority."""
    data = (config_map or {}).get("data") or {}
    authority = data.get("requestheader-client-ca-file") or ""
    if not authority.strip():
        return None
    try:
        names, headers = (
            tuple(str(word) for word in json.loads(data.get(f"requestheader-{key}") or "[]"))
            for key in ("allowed-names", "username-headers")
        )
    except (ValueError, TypeError) as error:
        log.warning("metrics: %s has a list that cannot be read, so no front proxy is believed: %s", CONFIG, error)
        return None
    return FrontProxyTrust(authority, names, headers or USER_HEADERS)


def context(certificate: str, key: str, trust: FrontProxyTrust | None) -> ssl.SSLContext:
    """For serving: clients may show a certificate, and one they show must be a front proxy's."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    made.load_cert_chain(certificate, key)
    if trust is not None:
        made.load_verify_locations(cadata=trust.authority)
        made.verify_mode = ssl.CERT_OPTIONAL
    return made
