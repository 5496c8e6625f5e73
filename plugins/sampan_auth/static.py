"""Tokens from a file, for load tools and the first start. Each line: token,user,uid,"group1,group2"."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

from sampan.contracts.access import User
from sampan.errors import ConfigError
from sampan_auth.resources import AUTHENTICATED


def read_tokens(path: Path) -> dict[bytes, User]:
    """Users by the SHA-256 of their token; raises ConfigError naming the file and the line."""
    try:
        with path.open(newline="") as file:
            rows = [(at, row) for at, row in enumerate(csv.reader(file), start=1) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a text file of tokens"
        raise ConfigError(
            f"plugins.auth.token_file: {path} cannot be read: {why}. Correct it, or take the setting out"
        ) from error
    found: dict[bytes, User] = {}
    for at, row in rows:
        if len(row) < 3 or not row[0] or not row[1]:
            raise ConfigError(f"{path}:{at}: a line must be token,user,uid and perhaps groups")
        groups = [group.strip() for group in row[3].split(",") if group.strip()] if len(row) > 3 else []
        found[digest(row[0])] = User(row[1].strip(), (*groups, AUTHENTICATED), row[2].strip())
    return found


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
