"""What a URL like ``postgresql://sampan@db/cluster?schema=sampan`` asks for.

All of it is libpq's (hosts, sslmode, passfile …) but for the few names below, which are taken out of the query.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sampan.errors import ConfigError

NAME = re.compile(r"[a-z_][a-z0-9_]{0,50}")


@dataclasses.dataclass(frozen=True)
class Options:
    """Where the database is and how it is used."""

    database: str = dataclasses.field(repr=False)
    """A URL as libpq understands it; may hold a password."""
    schema: str = "sampan"
    """The schema that holds the tables; made if it is not there. Two clusters in one database need two."""
    timeout: int = 10
    """Seconds after which a statement that waits, or a connection that does not come about, is Unavailable."""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.schema):
            raise ConfigError(f"store: schema must be a name of small letters, digits and _, not {self.schema!r}")
        if self.timeout < 1:
            raise ConfigError("store: timeout must be at least 1")


def read_url(url: str) -> Options:
    """Raises ConfigError that says what is wrong with the URL; libpq's own settings are left to libpq."""
    parts = urlsplit(url)
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigError("store: name the database by a URL, like postgresql://sampan@db.example/cluster")
    fields = {field.name: field for field in dataclasses.fields(Options) if field.name != "database"}
    given: dict[str, Any] = {}
    rest = []
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in fields:
            rest.append((name, value))
        elif isinstance(fields[name].default, int):
            given[name] = _number(name, value)
        else:
            given[name] = value
    return Options(parts._replace(query=urlencode(rest)).geturl(), **given)


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ConfigError(f"store: {name} must be a whole number, not {value!r}") from None
