"""Where a webhook listens, and whom to trust there: from a ``clientConfig``.

Source: admissionregistration.k8s.io/v1 WebhookClientConfig; apiserver's pkg/util/webhook/client.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sampan.contracts.serving import Reader
from sampan_machinery.endpoints import HTTPS, SERVICE_LABEL, NoEndpoints, resolve
from sampan_machinery.resources import ENDPOINT_SLICES, SERVICES
from sampan_webhookclient.failures import CallFailed


@dataclass(frozen=True, slots=True)
class Trust:
    """How the server's certificate is checked, and which one is shown to it. Part of the key of kept connections."""

    authorities: str = ""  # PEM; "": those of the machine
    insecure: bool = False
    certificate: str = ""  # PEM, with its key; "": none
    key: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """One webhook's server."""

    addresses: tuple[tuple[str, int], ...]  # host or address, and port; tried in any order
    server_name: str  # that its certificate has to carry
    host: str  # for the header Host and in messages, with the port where it is not 443
    path: str  # with the query of the URL, if it has one
    trust: Trust = Trust()
    plain: bool = False  # HTTP; only where a file on this machine says so
    failure: str = ""  # why there is no address, told when it is called

    def url(self, query: str = "") -> str:
        """For messages: what upstream calls the URL of the request."""
        return f"{'http' if self.plain else 'https'}://{self.host}{self.target(query)}"

    def target(self, query: str) -> str:
        if not query:
            return self.path
        return f"{self.path}{'&' if '?' in self.path else '?'}{query}"


def of_config(config: Mapping[str, Any], reader: Reader) -> Destination:
    """Raises CallFailed for what cannot be read."""
    trust = Trust(_pem(str(config.get("caBundle") or "")))
    service = config.get("service")
    if service is None:
        return of_url(str(config.get("url") or ""), trust)
    name, namespace, port = service["name"], service["namespace"], service.get("port") or HTTPS
    host = f"{name}.{namespace}.svc" + ("" if port == HTTPS else f":{port}")
    path = "/" + str(service.get("path") or "").lstrip("/")
    slices = reader.list(ENDPOINT_SLICES, namespace, labels=f"{SERVICE_LABEL}={name}")
    found = resolve(service, reader.get(SERVICES, name, namespace), slices)
    if isinstance(found, NoEndpoints):
        return Destination((), f"{name}.{namespace}.svc", host, path, trust, failure=_why(found, name, port))
    return Destination(found.addresses, found.server_name, host, path, trust)


def of_url(url: str, trust: Trust) -> Destination:
    """Raises CallFailed for what is no URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise CallFailed(f"unable to parse URL {url!r}: {error}") from None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise CallFailed(f"unable to parse URL {url!r}")
    plain = parts.scheme == "http"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(((host, port or (80 if plain else HTTPS)),), host, parts.netloc, path, trust, plain)


def _why(found: NoEndpoints, name: str, port: int) -> str:
    if found.reason == "ServiceNotFound":
        return f'service "{name}" not found'
    if found.reason == "ServicePortError":
        return f'no service port {port} found for service "{name}"'
    return f'no endpoints available for service "{name}"'


def _pem(bundle: str) -> str:
    """The bundle of an object, which has it in base64. Raises CallFailed."""
    if not bundle:
        return ""
    import base64  # here and not above: most processes never call a webhook

    try:
        return base64.b64decode(bundle).decode()
    except ValueError:
        raise CallFailed("unable to load root certificates: unable to parse bytes as PEM block") from None
