"""How a definition converts between its versions. Source: also apiserver/pkg/util/webhook/validation.go."""

from __future__ import annotations

import base64
import binascii
import ssl
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import names, problems

REVIEW_VERSIONS = ("v1", "v1beta1")
_FORM = "; desired format: https://host[/path]"


def check_conversion(found: Any, path: str, before: Any, *, strict: bool) -> Iterator[Problem]:
    """``strict``: the definition is established, so a caBundle must be good unless ``before`` has a bad one."""
    if not found:
        return
    strategy, webhook = found.get("strategy") or "", found.get("webhook")
    if not strategy:
        yield problems.required(f"{path}.strategy")
    elif strategy not in ("None", "Webhook"):
        yield problems.unsupported(f"{path}.strategy", strategy, ("None", "Webhook"))
    client = (webhook or {}).get("clientConfig")
    reviews = (webhook or {}).get("conversionReviewVersions") or ()
    if strategy != "Webhook":
        detail = "should not be set when strategy is not set to Webhook"
        if client is not None:
            yield problems.forbidden(f"{path}.webhookClientConfig", detail)
        if reviews:
            yield problems.forbidden(f"{path}.conversionReviewVersions", detail)
        return
    if client is None:
        yield problems.required(f"{path}.webhookClientConfig", "required when strategy is set to Webhook")
    else:
        yield from _check_client(client, f"{path}.webhookClientConfig")
        if strict and client.get("caBundle") and not _has_bad_bundle(before):
            yield from check_bundle(str(client["caBundle"]), f"{path}.webhookClientConfig.caBundle")
    yield from _check_reviews(reviews, f"{path}.conversionReviewVersions")


def _has_bad_bundle(before: Any) -> bool:
    bundle = (((before or {}).get("webhook") or {}).get("clientConfig") or {}).get("caBundle")
    return bool(bundle) and any(check_bundle(str(bundle), ""))


def _check_client(client: Object, path: str) -> Iterator[Problem]:
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        yield problems.required(path, "exactly one of url or service is required")
    elif url is not None:
        yield from check_url(str(url), f"{path}.url")
    elif service is not None:
        yield from check_service(service, f"{path}.service")


def check_url(text: str, path: str) -> Iterator[Problem]:
    try:
        url = urlsplit(text)
        host = url.netloc.rpartition("@")[2]
    except ValueError as error:
        yield problems.required(path, f"url must be a valid URL: {error}{_FORM}")
        return
    if url.scheme != "https":
        yield problems.invalid(path, url.scheme, f"'https' is the only allowed URL scheme{_FORM}")
    if not host:
        yield problems.invalid(path, host, f"host must be specified{_FORM}")
    if "@" in url.netloc:
        yield problems.invalid(path, url.netloc.rpartition("@")[0], "user information is not permitted in the URL")
    if url.fragment:
        yield problems.invalid(path, url.fragment, "fragments are not permitted in the URL")
    if url.query:
        yield problems.invalid(path, url.query, "query parameters are not permitted in the URL")


def check_service(service: Object, path: str) -> Iterator[Problem]:
    for name in ("name", "namespace"):
        if not service.get(name):
            yield problems.required(f"{path}.{name}")
    port = service.get("port")
    if port is not None and not 1 <= port <= 65535:
        yield problems.invalid(f"{path}.port", port, f"port is not valid: {names.between(1, 65535)}")
    text = str(service.get("path") or "")
    if text in ("", "/"):
        return
    if text == "//":
        yield problems.invalid(f"{path}.path", text, "segment[0] may not be empty")
        return
    if not text.startswith("/"):
        yield problems.invalid(f"{path}.path", text, "must start with a '/'")
    for index, step in enumerate(text[1:].removesuffix("/").split("/")):
        if not step:
            yield problems.invalid(f"{path}.path", text, f"segment[{index}] may not be empty")
            continue
        for wrong in names.dns_subdomain(step):
            yield problems.invalid(f"{path}.path", text, f"segment[{index}]: {wrong}")


def check_bundle(text: str, path: str) -> Iterator[Problem]:
    try:
        pem = base64.b64decode(text).decode()
        if pem.strip():
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (binascii.Error, UnicodeDecodeError, ssl.SSLError, ValueError):
        detail = "unable to load root certificates: unable to parse bytes as PEM block"
        yield problems.invalid(path, text, detail)


def _check_reviews(versions: Sequence[str], path: str) -> Iterator[Problem]:
    if not versions:
        yield problems.required(path)
        return
    seen: set[str] = set()
    for index, version in enumerate(versions):
        if version in seen:
            yield problems.invalid(f"{path}[{index}]", version, "duplicate version")
            continue
        seen.add(version)
        for wrong in names.dns_label_1035(version):
            yield problems.invalid(f"{path}[{index}]", version, wrong)
    if not seen.intersection(REVIEW_VERSIONS):
        detail = f"must include at least one of {', '.join(sorted(REVIEW_VERSIONS))}"
        yield problems.invalid(path, list(versions), detail)
