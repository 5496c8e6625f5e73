"""The rules CertificateApproval, CertificateSigning and CertificateSubjectRestriction.

Source: upstream's admission controllers of these names, their wording too.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from sampan.contracts.access import Attributes, Decision, User
from sampan.contracts.admission import Review
from sampan_certificates.conditions import certificate_of, conditions_of
from sampan_certificates.signers import API_CLIENT
from sampan_machinery.resources import CERTIFICATE_SIGNING_REQUESTS as REQUESTS

#: What all authorizers together say (``Cluster.decide``).
Decide = Callable[[Attributes], tuple[Decision, str]]

_REQUESTS = frozenset({REQUESTS.group_resource})
MASTERS = "system:masters"


def may(decide: Decide, user: User, verb: str, signer: str) -> bool:
    """Whether the user may do that to requests for this signer, or for all signers of its domain."""
    names = (signer, f"{signer.partition('/')[0]}/*")
    asked = (Attributes(user, verb, REQUESTS.group, "*", "signers", name=name) for name in names)
    return any(decide(each)[0] is Decision.ALLOW for each in asked)


class CertificateApproval:
    """Who approves or denies a request needs the right to approve for its signer."""

    name = "CertificateApproval"
    operations = frozenset({"UPDATE"})
    resources = _REQUESTS
    subresources = frozenset({"approval"})
    mutates = False
    priority = 500

    def __init__(self, decide: Decide) -> None:
        self._decide = decide

    def admit(self, review: Review) -> None:
        signer = _signer(review)
        if not may(self._decide, review.user, "approve", signer):
            raise review.forbidden(f'user not permitted to approve requests with signerName "{signer}"')


class CertificateSigning:
    """Who writes a certificate or conditions needs the right to sign for the request's signer."""

    name = "CertificateSigning"
    operations = frozenset({"UPDATE"})
    resources = _REQUESTS
    subresources = frozenset({"status"})
    mutates = False
    priority = 500

    def __init__(self, decide: Decide) -> None:
        self._decide = decide

    def admit(self, review: Review) -> None:
        new, old = review.object or {}, review.old or {}
        if certificate_of(new) == certificate_of(old) and conditions_of(new) == conditions_of(old):
            return
        signer = _signer(review)
        if not may(self._decide, review.user, "sign", signer):
            raise review.forbidden(f'user not permitted to sign requests with signerName "{signer}"')


class CertificateSubjectRestriction:
    """No client certificate in the group system:masters: it could not be revoked."""

    name = "CertificateSubjectRestriction"
    operations = frozenset({"CREATE"})
    resources = _REQUESTS
    subresources = frozenset({""})
    mutates = False
    priority = 500

    def admit(self, review: Review) -> None:
        spec = (review.object or {}).get("spec") or {}
        if spec.get("signerName") != API_CLIENT:
            return
        from sampan_pki.requests import UnusableRequest, read_request

        try:
            requested = read_request(base64.b64decode(spec.get("request") or ""))
        except (UnusableRequest, ValueError) as error:
            raise review.forbidden(f"failed to parse CSR: {error}") from error
        if MASTERS in requested.organizations:
            raise review.forbidden(f"use of {API_CLIENT} signer with {MASTERS} group is not allowed")


def _signer(review: Review) -> str:
    """Of the stored object: what is sent does not count."""
    return ((review.old or {}).get("spec") or {}).get("signerName") or ""
