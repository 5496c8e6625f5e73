"""What a URL like ``etcd://10.0.0.1:2379,10.0.0.2:2379?prefix=/sampan`` asks for."""

from __future__ import annotations

import dataclasses
import os
from typing import Any
from urllib.parse import parse_qsl, unquote

from sampan.errors import ConfigError

PORT = 2379


@dataclasses.dataclass(frozen=True)
class Options:
    """Which members there are and how they are spoken to."""

    members: tuple[str, ...]
    """host:port of each."""
    prefix: str = "/sampan"
    """What the keys in etcd begin with; two clusters on one etcd need two of them."""
    ca: str = ""
    """A file with the certificates that the members' own are checked against; given, TLS is spoken."""
    cert: str = ""
    """A file with the client certificate to show …"""
    key: str = ""
    """… and the one with its key."""
    username: str = ""
    """For an etcd with authentication; also ``etcd://name:password@host``."""
    password: str = dataclasses.field(default="", repr=False)
    password_file: str = ""
    """Where the password stands, rather than in the URL."""
    timeout: int = 10
    """Seconds after which a question is Unavailable. A member without a leader needs about seven to say so."""

    def __post_init__(self) -> None:
        if bool(self.cert) != bool(self.key):
            raise ConfigError("store: cert and key go together")
        if self.cert and not self.ca:
            raise ConfigError("store: a client certificate needs ca, too, for it is shown over TLS only")
        for name in ("ca", "cert", "key", "password_file"):
            path = getattr(self, name)
            if path and not os.access(path, os.R_OK):
                raise ConfigError(f"store: {name}: {path} cannot be read")
        if self.timeout < 1:
            raise ConfigError("store: timeout must be at least 1")
        if not self.prefix.startswith("/") or self.prefix.endswith("/"):
            raise ConfigError(f"store: prefix must begin with a / and not end with one, not be {self.prefix!r}")
        if bool(self.username) != bool(self.password or self.password_file):
            raise ConfigError("store: username and password go together")


def read_url(url: str) -> Options:
    """Raises ConfigError that says what is wrong with the URL; its text never shows a password."""
    rest, _, query = url.removeprefix("etcd:").removeprefix("//").partition("?")
    who, _, where = rest.rpartition("@")
    members = tuple(_member(text) for text in where.rstrip("/").split(",") if text)
    if not url.startswith("etcd://") or not members:
        raise ConfigError("store: name the members of etcd, like etcd://10.0.0.1:2379,10.0.0.2:2379")
    given: dict[str, Any] = {}
    if who:
        name, _, password = who.partition(":")
        given = {"username": unquote(name), "password": unquote(password)}
    fields = {field.name: field for field in dataclasses.fields(Options) if field.name != "members"}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in fields:
            raise ConfigError(f"store: {name} is not a setting of etcd (there are {', '.join(fields)})")
        given[name] = _number(name, value) if isinstance(fields[name].default, int) else value
    return Options(members, **given)


def _member(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if "/" not in text and (not colon or text.endswith("]")):
        return f"{text}:{PORT}"
    if not host or not port.isdigit() or "/" in text or not 0 < int(port) < 65536:
        raise ConfigError(f"store: {text!r} is not the host:port of an etcd member")
    return text


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ConfigError(f"store: {name} must be a whole number, not {value!r}") from None
