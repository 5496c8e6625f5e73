"""How to reach Elasticsearch: addresses and credentials from settings, files and a Secret.

Must not know the client.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sampan.errors import ConfigError, StatusError
from sampan_client import Client
from sampan_machinery.resources import SECRETS

if TYPE_CHECKING:
    from sampan_logging.settings import Settings


class Access(NamedTuple):
    """``ca`` is PEM. Empty: none."""

    urls: Sequence[str]
    user: str = ""
    password: str = ""
    api_key: str = ""
    ca: str = ""
    verify: bool = True
    timeout: float = 30.0


def gather(settings: Settings, client: Client | None) -> Access:
    """Files count before the Secret. Raises ConfigError in words; ``client`` is only needed where a Secret is named."""
    found = _secret(settings.secret, client) if settings.secret else {}
    return Access(
        urls=settings.urls,
        user=settings.user or found.get("username", ""),
        password=_file(settings.password_file) or found.get("password", ""),
        api_key=_file(settings.api_key_file) or found.get("apiKey", ""),
        ca=_file(settings.ca_file) or found.get("ca.crt", ""),
        verify=settings.verify,
        timeout=settings.timeout_seconds,
    )


def _file(path: str) -> str:
    if not path:
        return ""
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"plugins.logging: {path} cannot be read: {error}") from error


def _secret(reference: str, client: Client | None) -> dict[str, str]:
    namespace, _, name = reference.partition("/")
    if not namespace or not name or "/" in name:
        raise ConfigError(f"plugins.logging.secret: {reference!r} is not NAMESPACE/NAME")
    if client is None:
        raise ConfigError(f"plugins.logging.secret: the Secret {reference} is in a cluster that is not known here")
    try:
        data = client.get(SECRETS, name, namespace).get("data") or {}
        return {key: base64.b64decode(value).decode().strip() for key, value in data.items()}
    except (StatusError, ConnectionError, ValueError) as error:
        raise ConfigError(f"plugins.logging.secret: the Secret {reference} cannot be read: {error}") from error
