"""How a definition converts between its versions. Source: also apiserver/pkg/util/webhook/validation.go."""

from __future__ import annotations

import base64
import binascii
import ssl
from collections.abc import Iterator, Sequence
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import names, problems
from sampan_webhookclient.validation import validate_address

REVIEW_VERSIONS = ("v1", "v1beta1")


def check_conversion(found: Any, path: str, before: Any, *, strict: bool) -> Iterator[Problem]:
    """``strict``: the definition is established, so a caBundle must be good unless ``before`` has a bad one."""
    if found is None:
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
        yield from validate_address(client, f"{path}.webhookClientConfig")
        if strict and client.get("caBundle") and not _has_bad_bundle(before):
            yield from check_bundle(str(client["caBundle"]), f"{path}.webhookClientConfig.caBundle")
    yield from _check_reviews(reviews, f"{path}.conversionReviewVersions")


def _has_bad_bundle(before: Any) -> bool:
    bundle = (((before or {}).get("webhook") or {}).get("clientConfig") or {}).get("caBundle")
    return bool(bundle) and any(check_bundle(str(bundle), ""))


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
