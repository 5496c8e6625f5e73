"""Where sampan_auth meets the platform."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sampan.contracts.access import Authenticator
from sampan.contracts.kinds import Kind, Object
from sampan.contracts.reconciling import Reconciler, ReconcilerContext, Watching
from sampan.contracts.serving import Duty, Metric, Route, ServerContext
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds
from sampan_machinery.resources import CONFIG_MAPS, SECRETS

if TYPE_CHECKING:
    from sampan.contracts.access import User
    from sampan_auth.bearer import Bearer
    from sampan_auth.keys import Keys
    from sampan_auth.oidc.reloading import ConfigurationFile

_shared: WeakKeyDictionary[object, ConfigurationFile] = WeakKeyDictionary()
_lock = threading.Lock()


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.auth``."""

    token_file: str = ""
    """A file of tokens, each line token,user,uid,"group1,group2"; relative to home. Empty: none."""
    bootstrap_tokens: bool = True
    """Whether Secrets of type bootstrap.kubernetes.io/token in kube-system let new nodes in."""
    audiences: tuple[str, ...] = ()
    """Audiences a token may be meant for to be accepted here; empty: the issuer."""
    front_proxy_names: tuple[str, ...] = ("front-proxy-client",)
    """Common names a front proxy's certificate may have; empty: any that its authority signed."""
    tls_front_names: tuple[str, ...] = ("nginx",)
    """Common names of servers in front that end TLS; of them only the client's certificate is believed."""
    authentication_config: str = ""
    """File with an AuthenticationConfiguration, which names OpenID Connect issuers; relative to home. Empty: none."""
    client_ca: str = ""
    """A file of authorities whose certificates such a server may pass on; relative to home. Empty: pki/ca.crt."""

    def __post_init__(self) -> None:
        bounds.require(
            self,
            audiences=bounds.each(bounds.not_empty),
            front_proxy_names=bounds.each(bounds.not_empty),
            tls_front_names=bounds.each(bounds.not_empty),
        )


@hookimpl
def contribute_authenticators(context: ServerContext) -> list[Authenticator]:
    from sampan_auth.certificates import CertificateReader, Certificates, require_authorities
    from sampan_auth.fronts import FrontProxy

    settings = _settings(context)
    clients = Path(context.home) / settings.client_ca if settings.client_ca else _pki(context) / "ca.crt"
    if settings.client_ca:
        require_authorities(clients)
    reader = CertificateReader(_pki(context) / "front-proxy-ca.crt", clients)
    fronts = FrontProxy(reader, settings.front_proxy_names, settings.tls_front_names)
    found: list[Authenticator] = [Certificates(reader), fronts, _bearer(context)]
    if not settings.authentication_config:
        return found
    from sampan_auth.bearer import DistributedClaims

    file = _oidc(context)
    found.append(DistributedClaims(file.tokens.resolve))
    if file.anonymous is not None:
        found.append(file.anonymous)
    return found


@hookimpl
def contribute_kinds(context: ServerContext) -> list[Kind]:
    from sampan_auth.reviews import review_kinds

    settings = _settings(context)
    return review_kinds(_bearer(context, waits=True), waits=bool(settings.authentication_config))


@hookimpl
def contribute_routes(context: ServerContext) -> list[Route]:
    from sampan_auth import issuer

    # The resource's own path: the route is there to let in callers whom nothing identifies, to ask the authorizers.
    info = Route(path="/api/v1/namespaces/kube-public/configmaps/cluster-info", public=True)
    opened = [info] if _settings(context).bootstrap_tokens else []
    return [*issuer.routes(_keys(context), context.issuer, _reached_at(context)), *opened]


@hookimpl
def contribute_duties(context: ServerContext) -> list[Duty]:
    return [Duty("oidc-keys", _oidc(context).run)] if _settings(context).authentication_config else []


@hookimpl
def contribute_reconcilers(context: ReconcilerContext) -> list[Reconciler]:
    from sampan_auth import cluster_info

    if isinstance(context.settings, Settings) and not context.settings.bootstrap_tokens:
        return []
    tokens = f"type={cluster_info.TOKEN_TYPE}"
    authority = Path(context.options.pki or Path(context.home) / "pki") / "ca.crt"
    content = cluster_info.content_of(context.options, authority.read_bytes()) if authority.exists() else ""
    sign = partial(cluster_info.decide_signatures, content=content)
    info = Watching(CONFIG_MAPS, fields=f"metadata.name={cluster_info.CLUSTER_INFO.name}")
    return [
        Reconciler(
            name="bootstrap-signer", primary=CONFIG_MAPS, decide=sign, workers=1,
            watches=(info, Watching(SECRETS, cluster_info.cluster_info_of, fields=tokens)),
        ),
        Reconciler(
            name="bootstrap-token-cleaner", primary=SECRETS, decide=cluster_info.decide_expiry, workers=1,
            watches=(Watching(SECRETS, fields=tokens),),
        ),
    ]  # fmt: skip


@hookimpl
def contribute_bootstrap_objects(context: ServerContext) -> list[Object]:
    from sampan_auth import cluster_info, extension

    made = extension.manifest(_pki(context), _settings(context).front_proxy_names)
    if made is None:
        return []
    if not _settings(context).bootstrap_tokens:
        return [made]
    authority = (_pki(context) / "ca.crt").read_bytes()
    return [made, cluster_info.manifest(cluster_info.content_of(context.options, authority))]


def _reached_at(context: ServerContext) -> str:
    """The API server's URL as pods reach it; that in kubeconfigs may be on loopback, as each container has."""
    host, port = context.options.api_endpoint_ip, context.options.api_port
    if not host or not port:
        return context.server_url
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _bearer(context: ServerContext, *, waits: bool = False) -> Bearer:
    """``waits``: it may wait for the distributed claims of ID tokens."""
    from sampan_auth.accounts import AccountTokens
    from sampan_auth.bearer import Bearer
    from sampan_auth.static import read_tokens

    settings = _settings(context)
    accounts = AccountTokens(context.cluster, _keys(context), context.issuer)
    static = read_tokens(Path(context.home) / settings.token_file) if settings.token_file else {}
    audiences = settings.audiences or (context.issuer,)
    return Bearer(
        context.cluster, accounts, audiences, static=static, bootstrap=settings.bootstrap_tokens,
        id_tokens=_id_tokens(context, waits) if settings.authentication_config else None,
    )  # fmt: skip


def _oidc(context: ServerContext) -> ConfigurationFile:
    """One for each server: its authenticator, TokenReview and the duty that fetches keys share it."""
    from sampan_auth.oidc.configuration import read_configuration
    from sampan_auth.oidc.providers import ProviderKeys, fetch
    from sampan_auth.oidc.reloading import ConfigurationFile

    with _lock:
        found = _shared.get(context.cluster)
        if found is None:
            path = Path(context.home) / _settings(context).authentication_config
            source = f"plugins.auth.authentication_config: {path}"
            found = _shared[context.cluster] = ConfigurationFile(
                path,
                lambda text: read_configuration(text, source, [context.issuer]),
                lambda issuer: ProviderKeys(issuer, fetch),
            )
            _measure(context, found)
        return found


def _measure(context: ServerContext, file: ConfigurationFile) -> None:
    head = "apiserver_authentication_config_controller_automatic_reload"
    for name, text, figures, counter in (
        (f"{head}s", "Times that the file was read again.", file.reloads, True),
        (f"{head}_last_timestamp_seconds", "When the file was last read again.", file.reloaded_at, False),
    ):
        context.add_metric(Metric(name, text, ("status",), partial(_figures, figures), counter=counter))


def _figures(figures: Mapping[str, float]) -> list[tuple[tuple[str, ...], float]]:
    return [((status,), float(value)) for status, value in figures.items()]


def _settings(context: ServerContext) -> Settings:
    return context.settings if isinstance(context.settings, Settings) else Settings()


def _pki(context: ServerContext) -> Path:
    return Path(context.options.pki or Path(context.home) / "pki")


def _keys(context: ServerContext) -> Keys:
    from sampan_auth.keys import Keys

    return Keys(_pki(context) / "sa.pub")


def _id_tokens(context: ServerContext, waits: bool) -> Callable[[str], User | None]:
    tokens = _oidc(context).tokens
    return tokens.resolve if waits else tokens.verify
