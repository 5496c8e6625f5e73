"""What counts where an Ingress says nothing, read from the settings and checked in words. Pure."""

from __future__ import annotations

import ipaddress
import logging
import re

from sampan_ingress import certificates
from sampan_ingress.annotations import LONGEST_TIMEOUT, size
from sampan_ingress.backends import upstream_of
from sampan_ingress.building import Fallbacks
from sampan_ingress.model import Certificate, LocationOptions, Upstream
from sampan_ingress.observed import Key, Observed
from sampan_ingress.settings import Settings

log = logging.getLogger(__name__)

MOST_LEAVING = 5.0  # seconds: a component has ten to end, and open connections get the rest

_BACKEND = re.compile(r"([a-z0-9-]+)/([a-z0-9.-]+):([a-z0-9-]+)").fullmatch


class BadSetting(ValueError):
    """A setting that cannot be; says which and why."""


def default_options(settings: Settings) -> LocationOptions:
    """What counts for an Ingress without annotations. Raises BadSetting."""
    try:
        body_size = size(settings.body_size)
    except ValueError as error:
        raise BadSetting(f"plugins.ingress.body_size {error}") from error
    for network in settings.trusted_proxies:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise BadSetting(f"plugins.ingress.trusted_proxies: {error}") from error
    for name in ("read_timeout", "send_timeout", "connect_timeout"):
        if not 0 < getattr(settings, name) <= LONGEST_TIMEOUT:
            raise BadSetting(f"plugins.ingress.{name} must be 1 to {LONGEST_TIMEOUT} seconds")
    if settings.most_draining < 0:
        raise BadSetting("plugins.ingress.most_draining must be 0 or more")
    if not 0 <= settings.leave_seconds <= MOST_LEAVING:
        raise BadSetting(f"plugins.ingress.leave_seconds must be 0 to {MOST_LEAVING:.0f} seconds")
    if settings.default_backend and not _BACKEND(settings.default_backend):
        raise BadSetting("plugins.ingress.default_backend must look like namespace/service:port")
    for name in ("default_certificate", "publish_service"):
        if (text := getattr(settings, name)) and text.count("/") != 1:
            raise BadSetting(f"plugins.ingress.{name} must look like namespace/name")
    return LocationOptions(
        ssl_redirect=settings.ssl_redirect,
        body_size=body_size,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        send_timeout=settings.send_timeout,
    )


def fallbacks_of(settings: Settings, options: LocationOptions, seen: Observed, self_signed: Certificate) -> Fallbacks:
    """What is wrong with the settings' own backend or Secret is logged, and the plain one used."""
    return Fallbacks(_certificate(settings, seen) or self_signed, options, _backend(settings, seen))


def _backend(settings: Settings, seen: Observed) -> Upstream | None:
    found = _BACKEND(settings.default_backend)
    if not found:
        return None
    namespace, name, port = found.groups()
    which = {"number": int(port)} if port.isdigit() else {"name": port}
    backend, wrong = upstream_of(namespace, {"service": {"name": name, "port": which}}, seen, "round_robin")
    if wrong:
        log.warning("plugins.ingress.default_backend: %s", wrong)
    return backend


def _certificate(settings: Settings, seen: Observed) -> Certificate | None:
    if not settings.default_certificate:
        return None
    namespace, _, name = settings.default_certificate.partition("/")
    secret = seen.secrets.get(Key(namespace, name))
    try:
        if secret is None:
            raise certificates.BadCertificate("does not exist, or is not of type kubernetes.io/tls")
        return certificates.from_secret(secret)
    except certificates.BadCertificate as error:
        log.warning("plugins.ingress.default_certificate: Secret %s/%s: %s", namespace, name, error)
        return None
