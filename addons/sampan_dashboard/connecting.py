"""Credentials as clients: where the cluster is, and the kubeconfig or token of the user who signs in."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from sampan.contracts.components import Running
from sampan.errors import BadRequest
from sampan_client import Client
from sampan_client.http import HttpTransport
from sampan_client.kubeconfig import Config, in_cluster, load
from sampan_dashboard.accounts import Account

AGENT = "sampan-dashboard"
TEXTS = ("server", "token", "username", "password", "tls_server_name", "namespace")
BYTES = ("ca", "certificate", "key")


@dataclass(frozen=True)
class Place:
    """The cluster's address and authority, without credentials."""

    server: str
    ca: bytes = b""
    insecure: bool = False
    tls_server_name: str = ""

    @classmethod
    def of(cls, config: Config) -> Place:
        return cls(config.server, config.ca, config.insecure, config.tls_server_name)

    def config(self) -> Config:
        """Without credentials."""
        return Config(self.server, ca=self.ca, insecure=self.insecure, tls_server_name=self.tls_server_name)

    @classmethod
    def of_running(cls, running: Running) -> Place:
        """Of the cluster that a component is a client of; none of its credentials are kept."""
        path = running.options.kubeconfig
        return cls.of(load(path) if path else in_cluster())


def by_token(place: Place, token: str) -> Account:
    """Raises Unauthorized for a token that the cluster does not know, BadRequest for what cannot be one."""
    if not token or not token.isascii() or any(sign.isspace() for sign in token):
        raise BadRequest("a token is one word of ASCII characters")
    return by_config(replace(place.config(), token=token))


def by_config(config: Config) -> Account:
    client = Client(HttpTransport(config), user_agent=AGENT, namespace=config.namespace)
    try:
        return Account.of(client, config)
    except BaseException:
        client.close()
        raise


def to_wire(config: Config) -> dict[str, object]:
    """For the socket of this machine by which the command hands the user's credentials over."""
    config.authorization()  # reads a token's file
    return values_of(config)


def values_of(config: Config) -> dict[str, object]:
    """As JSON values."""
    found: dict[str, object] = {name: getattr(config, name) for name in TEXTS}
    found.update({name: base64.b64encode(getattr(config, name)).decode() for name in BYTES})
    return {**found, "insecure": config.insecure}


def from_wire(found: Mapping[str, object]) -> Config:
    """Raises BadRequest for anything else than ``to_wire`` writes."""
    known = {field.name for field in fields(Config)}
    try:
        texts = {name: str(found[name]) for name in TEXTS}
        parts = {name: base64.b64decode(str(found[name]), validate=True) for name in BYTES}
    except (KeyError, ValueError) as error:
        raise BadRequest(f"these are no credentials: {error}") from error
    assert known >= texts.keys() | parts.keys()
    return Config(**texts, **parts, insecure=found.get("insecure") is True)  # type: ignore[arg-type]
