"""Webhooks that a kubeconfig file names: the server's URL, its authority, and the credentials to show.

Source: Kubernetes docs, "Webhook Token Authentication": clusters are the remote service, users the API server.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sampan.errors import ConfigError
from sampan_client import kubeconfig
from sampan_webhookclient.calls import Call
from sampan_webhookclient.destinations import Destination, Trust, of_url
from sampan_webhookclient.failures import CallFailed


class ConfiguredServer:
    """Where calls go, and as whom. A token file is read again as it is rotated."""

    def __init__(self, file: Path) -> None:
        """Raises ConfigError."""
        self._config = config = kubeconfig.load(file)
        trust = Trust(config.ca.decode(), config.insecure, config.certificate.decode(), config.key.decode())
        try:
            found = of_url(config.server, trust)
        except CallFailed as error:
            raise ConfigError(f"the kubeconfig {file}: {error}") from None
        name = config.tls_server_name or found.server_name
        self.destination = Destination(found.addresses, name, found.host, found.path, trust, found.plain)

    def call(self, body: bytes, seconds: float, query: str = "") -> Call:
        authorization = self._config.authorization()
        headers: Mapping[str, str] = {"Authorization": authorization} if authorization else {}
        return Call(self.destination, body, seconds, query, headers)
