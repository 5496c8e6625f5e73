"""What a URL like ``sqlite:///var/lib/sampan/store.db?synchronous=normal`` asks for."""

from __future__ import annotations

import dataclasses
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sampan.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class Options:
    """Where the file is and how it is kept."""

    path: str
    synchronous: str = "full"
    """full: an acknowledged commit survives loss of power. normal: it survives a crash of the process, but the last
    commits before a loss of power may be gone (never half gone)."""
    keep_seconds: int = 600
    """Revisions older than this are forgotten …"""
    keep_commits: int = 50_000
    """… and so are those before the last so many."""
    busy_seconds: int = 5
    """How long a commit waits for another process's transaction before it is Unavailable."""
    check: str = "auto"
    """yes: check the whole file (quick_check, 1 ms for each MB) before it is used. auto: so up to 64 MB, beside the
    work for a larger one. no: not at all. The checksum of each entry is looked at whenever it is read."""
    reserve: int = 16
    """MB on the disk that are kept for deletions when it is full; 0: none."""

    def __post_init__(self) -> None:
        for name, allowed in (("synchronous", ("full", "normal", "off")), ("check", ("auto", "no", "yes"))):
            if getattr(self, name) not in allowed:
                raise ConfigError(f"store: {name} must be one of {', '.join(allowed)}, not {getattr(self, name)!r}")
        if not 0 <= self.reserve <= 4096:
            raise ConfigError("store: reserve must be 0 to 4096 (MB)")
        for name in ("keep_seconds", "keep_commits"):
            if getattr(self, name) < 1:
                raise ConfigError(f"store: {name} must be at least 1")


def keeping(options: Options, history: float) -> Options:
    """With bounds that keep that many seconds of history; the bound of commits grows in proportion (83 a second)."""
    factor = history * 1.1 / options.keep_seconds  # the server compacts by its own clock, a little earlier
    if factor <= 1:
        return options
    return dataclasses.replace(
        options, keep_seconds=int(options.keep_seconds * factor), keep_commits=int(options.keep_commits * factor)
    )


def read_url(url: str) -> Options:
    """Raises ConfigError that says what is wrong with the URL."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    if parts.netloc or not path.startswith("/") or path.endswith("/"):
        raise ConfigError(f"store: {url} must name a file by its absolute path, like sqlite:///var/lib/sampan/store.db")
    fields = {field.name: field for field in dataclasses.fields(Options) if field.name != "path"}
    given: dict[str, Any] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in fields:
            raise ConfigError(f"store: {name} is not a setting of sqlite (there are {', '.join(fields)})")
        given[name] = _number(name, value) if isinstance(fields[name].default, int) else value
    return Options(path, **given)


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ConfigError(f"store: {name} must be a whole number, not {value!r}") from None
