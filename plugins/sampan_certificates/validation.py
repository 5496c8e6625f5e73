"""What a CertificateSigningRequest may hold. Source: upstream's pkg/apis/certificates/validation.

What upstream tolerates of old objects, for the sake of its beta versions, cannot be stored here and is not tolerated.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

from sampan.contracts.kinds import Object, Problem
from sampan_certificates.conditions import (
    APPROVED,
    DENIED,
    FAILED,
    Condition,
    certificate_of,
    conditions_of,
    of_type,
)
from sampan_certificates.signers import LEGACY_UNKNOWN
from sampan_machinery import names, problems

USAGES = frozenset({
    "signing", "digital signature", "content commitment", "key encipherment", "key agreement", "data encipherment",
    "cert sign", "crl sign", "encipher only", "decipher only", "any", "server auth", "client auth", "code signing",
    "email protection", "s/mime", "ipsec end system", "ipsec tunnel", "ipsec user", "timestamping", "ocsp signing",
    "microsoft sgc", "netscape sgc",
})  # fmt: skip
SHORTEST = 600  # seconds
_DOMAIN, _LABEL = 253, 63
_CONDITIONS, _CERTIFICATE = "status.conditions", "status.certificate"


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    if old is None:  # the spec never changes
        yield from _spec(new.get("spec") or {})
    yield from _conditions(conditions_of(new))
    text = certificate_of(new)
    if text and (old is None or text != certificate_of(old)):
        yield from _certificate(text)
    if old is not None:
        yield from _kept(new, old)


def _spec(spec: Object) -> Iterator[Problem]:
    yield from _request(spec.get("request") or "")
    usages = spec.get("usages") or []
    if not usages:
        yield problems.required("spec.usages")
    for index, usage in enumerate(usages):
        if usage not in USAGES:
            yield problems.unsupported(f"spec.usages[{index}]", usage, USAGES)
    for index, usage in enumerate(usages):
        if usage in usages[:index]:
            yield problems.duplicate(f"spec.usages[{index}]", usage)
    signer = spec.get("signerName") or ""
    if signer == LEGACY_UNKNOWN:
        yield problems.invalid("spec.signerName", signer, "the legacy signerName is not allowed via this API version")
    else:
        yield from signer_name("spec.signerName", signer)
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < SHORTEST:
        detail = "may not specify a duration less than 600 seconds (10 minutes)"
        yield problems.invalid("spec.expirationSeconds", seconds, detail)


def _request(text: str) -> Iterator[Problem]:
    from sampan_pki.requests import UnusableRequest, read_request, require_signature

    try:
        require_signature(read_request(base64.b64decode(text)))
    except (UnusableRequest, ValueError) as error:
        yield problems.invalid("spec.request", text, str(error))


def signer_name(path: str, name: str) -> Iterator[Problem]:
    """A domain with a dot, a slash, and a path of subdomains."""
    if not name:
        yield problems.required(path)
        return
    segments = name.split("/")
    if len(segments) != 2:
        detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        yield problems.invalid(path, name, detail)
        return
    domain, rest = segments
    if len(domain) > _DOMAIN:
        yield problems.too_long(path, _DOMAIN)
    yield from _first_bad(path, domain, names.dns_label)
    if "." not in domain:
        yield problems.invalid(path, domain, "should be a domain with at least two segments separated by dots")
    yield from _first_bad(path, rest, names.dns_subdomain)
    longest = _DOMAIN + _DOMAIN + _LABEL + 2
    if len(name) > longest:
        yield problems.too_long(path, longest)


def _first_bad(path: str, segment: str, rule: names.Rule) -> Iterator[Problem]:
    """What is wrong with the first part that breaks the rule: the others would only repeat it."""
    for label in segment.split("."):
        complaints = rule(label)
        for each in complaints:
            yield problems.invalid(path, segment, f"validating label {problems.shown(label)}: {each}")
        if complaints:
            return


def _conditions(found: Sequence[Condition]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, each in enumerate(found):
        type, status = each.get("type") or "", each.get("status") or ""
        path = f"{_CONDITIONS}[{index}]"
        if not type:
            yield problems.required(f"{path}.type")
        allowed = ("True",) if type in (APPROVED, DENIED, FAILED) else ("False", "True", "Unknown")
        if not status:
            yield problems.required(f"{path}.status")
        elif status not in allowed:
            yield problems.unsupported(f"{path}.status", status, allowed)
        if (type == APPROVED and DENIED in seen) or (type == DENIED and APPROVED in seen):
            detail = "Approved and Denied conditions are mutually exclusive"
            yield problems.invalid(_CONDITIONS, type, detail)
        if type in seen:
            yield problems.duplicate(f"{path}.type", type)
        seen.add(type)


def _certificate(text: str) -> Iterator[Problem]:
    from sampan_pki.requests import problem_of_certificates

    try:
        found = problem_of_certificates(base64.b64decode(text))
    except ValueError as error:
        found = str(error)
    if found:
        yield problems.invalid(_CERTIFICATE, "<certificate data>", found)


def _kept(new: Object, old: Object) -> Iterator[Problem]:
    for type in (APPROVED, DENIED, FAILED):
        if len(of_type(new, type)) < len(of_type(old, type)):
            yield problems.forbidden(_CONDITIONS, f'updates may not remove a condition of type "{type}"')
    if certificate_of(old) and certificate_of(new) != certificate_of(old):
        yield problems.forbidden(_CERTIFICATE, "updates may not modify existing certificate content")


def decided_by_status(new: Object, old: Object) -> Iterator[Problem]:
    """What a write to /status must not add: only /approval decides."""
    for type in (APPROVED, DENIED):
        if len(of_type(new, type)) > len(of_type(old, type)):
            yield problems.forbidden(_CONDITIONS, f'updates may not add a condition of type "{type}"')
