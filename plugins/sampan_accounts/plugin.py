"""Where sampan_accounts meets the platform."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.options import ClusterOptions
from sampan.contracts.reconciling import Reconciler, ReconcilerContext, Watching
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_machinery.resources import CONFIG_MAPS as CONFIGMAPS
from sampan_machinery.resources import NAMESPACES, SECRETS
from sampan_machinery.resources import SERVICE_ACCOUNTS as ACCOUNTS


@hookimpl
def contribute_kinds(context: ServerContext) -> list[Kind]:
    from sampan_accounts.kind import service_account
    from sampan_accounts.requests import TokenRequests
    from sampan_accounts.signing import Signer

    signer = Signer(_pki(context.options, context.home) / "sa.key")
    return [service_account(TokenRequests(signer, context.issuer))]


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    from sampan_accounts.pods import ServiceAccount
    from sampan_accounts.provisions import Provision

    certificate = cache(partial(_certificate, _pki(context.options, context.home)))
    return [ServiceAccount(), Provision(certificate)]


@hookimpl
def contribute_reconcilers(context: ReconcilerContext) -> list[Reconciler]:
    from sampan_accounts.legacy import fill, secrets_of
    from sampan_accounts.provisions import keep_account, keep_root_ca, namespace_of
    from sampan_accounts.resources import ROOT_CA, TOKEN_TYPE
    from sampan_accounts.signing import Signer

    pki = _pki(context.options, context.home)
    certificate = _certificate(pki)
    return [
        Reconciler(
            name="serviceaccount",
            primary=NAMESPACES,
            watches=(Watching(ACCOUNTS, keys=namespace_of),),
            decide=keep_account,
        ),
        Reconciler(
            name="root-ca-certificate-publisher",
            primary=NAMESPACES,
            watches=(Watching(CONFIGMAPS, keys=namespace_of, fields=f"metadata.name={ROOT_CA}"),),
            decide=keep_root_ca(certificate),
        ),
        Reconciler(
            name="serviceaccount-token",
            primary=SECRETS,
            watches=(Watching(SECRETS, fields=f"type={TOKEN_TYPE}"), Watching(ACCOUNTS, keys=secrets_of)),
            decide=fill(certificate, Signer(pki / "sa.key").sign),
        ),
    ]


def _pki(options: ClusterOptions, home: str) -> Path:
    return Path(options.pki or Path(home) / "pki")


def _certificate(pki: Path) -> str:
    """The root certificate in PEM; "" where the cluster has none (tests in one process)."""
    file = pki / "ca.crt"
    return file.read_text() if file.exists() else ""
