"""Where sampan_certificates meets the platform."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import ClientReconciler, Reconciler, ReconcilerContext
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds
from sampan_machinery.resources import CERTIFICATE_SIGNING_REQUESTS as REQUESTS

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.certificates``."""

    signing_duration: float = 365 * 86400.0
    """Seconds that a signed certificate is valid at most, and where the request names no duration."""
    approve_serving: bool = True
    """Whether serving certificates of nodes are approved that name the node and addresses of its own."""

    def __post_init__(self) -> None:
        bounds.require(self, signing_duration=bounds.number(600, 10 * 365 * 86400))


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_certificates.kind import CERTIFICATE_SIGNING_REQUEST

    return [CERTIFICATE_SIGNING_REQUEST]


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    from sampan_certificates.admission import CertificateApproval, CertificateSigning, CertificateSubjectRestriction

    decide = context.cluster.decide
    return [CertificateApproval(decide), CertificateSigning(decide), CertificateSubjectRestriction()]


@hookimpl
def contribute_reconcilers(context: ReconcilerContext) -> list[Reconciler | ClientReconciler]:
    from sampan_certificates import authority
    from sampan_certificates.approving import Approver
    from sampan_certificates.cleaning import Cleaner
    from sampan_certificates.signing import Signer

    settings = context.settings if isinstance(context.settings, Settings) else Settings()
    reserved = (context.options.service_cidr, context.options.api_endpoint_ip)
    approver = Approver(authority.read, serving=settings.approve_serving, reserved=reserved)
    found: list[Reconciler | ClientReconciler] = [
        ClientReconciler(name="csr-approver", primary=REQUESTS, reconcile=approver.reconcile, workers=1),
        Reconciler(name="csr-cleaner", primary=REQUESTS, decide=Cleaner(authority.end_of).decide, workers=1),
    ]
    known = authority.ClusterAuthority(Path(context.options.pki or Path(context.home) / "pki"))
    if not known.is_there():
        log.warning("certificates: no signer runs here, as this process has no ca.crt and ca.key")
        return found
    signer = Signer(authority.read, known.issue, settings.signing_duration)
    return [*found, Reconciler(name="csr-signer", primary=REQUESTS, decide=signer.decide, workers=1)]
