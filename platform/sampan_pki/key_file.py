"""The key file: ``encryption.keys`` beside the cluster's other keys, a line for each key.

One key is current and encrypts, former ones only decrypt, and a next one waits to become current. Every API server of a
store has the same file. It is read again when it changes.
"""

from __future__ import annotations

import base64
import binascii
import logging
import os
import secrets
import threading
from pathlib import Path
from typing import NamedTuple

from sampan.errors import ConfigError

log = logging.getLogger(__name__)

NAME = "encryption.keys"
STATES = ("current", "next", "former")
_BYTES = 32
_HEAD = """\
# Keys that encrypt the Secrets of this cluster at rest. Without this file they cannot be read: keep a copy of it apart
# from the copies of the store, and give the same file to every API server. `sampan secrets rotate` changes it.
# state, name, key
"""


class Key(NamedTuple):
    state: str
    name: str
    secret: bytes


class Keys(NamedTuple):
    """What a key file holds; none at all where it does not exist."""

    all: tuple[Key, ...] = ()

    @property
    def current(self) -> Key | None:
        return next((key for key in self.all if key.state == "current"), None)

    def named(self, name: str) -> Key | None:
        return next((key for key in self.all if key.name == name), None)

    def with_next(self) -> Keys:
        """Another key that does not encrypt yet; there is at most one."""
        if any(key.state == "next" for key in self.all):
            return self
        return Keys((*self.all, new_key("next")))

    def rotated(self) -> Keys:
        """The next key is current, a new one where there is none; the one that was current is a former one."""
        following = next((key for key in self.all if key.state == "next"), None) or new_key("next")
        former = tuple(key._replace(state="former") for key in self.all if key.name != following.name)
        return Keys((following._replace(state="current"), *former))


def new_key(state: str) -> Key:
    return Key(state, f"key-{secrets.token_hex(4)}", secrets.token_bytes(_BYTES))


def parse(text: str, where: str = NAME) -> Keys:
    """Raises ConfigError; the message holds no key."""
    keys: list[Key] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if words and not words[0].startswith("#"):
            keys.append(_key(words, f"{where}, line {number}"))
    if len({key.name for key in keys}) < len(keys):
        raise ConfigError(f"{where}: two keys have one name")
    if sum(key.state == "current" for key in keys) != 1:
        raise ConfigError(f"{where}: exactly one key must be current")
    return Keys(tuple(keys))


def _key(words: list[str], where: str) -> Key:
    if len(words) != 3 or words[0] not in STATES or ":" in words[1] or not words[1].isascii():
        raise ConfigError(f"{where}: wanted are a state ({', '.join(STATES)}), a name without colon, and a key")
    try:
        secret = base64.b64decode(words[2], validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != _BYTES:
        raise ConfigError(f"{where}: the key of {words[1]} must be {_BYTES} bytes in base64")
    return Key(words[0], words[1], secret)


def render(keys: Keys) -> str:
    return _HEAD + "".join(f"{key.state} {key.name} {base64.b64encode(key.secret).decode()}\n" for key in keys.all)


def write(path: Path, keys: Keys, *, replace: bool = True) -> None:
    """On the disk when it returns: a key that is lost is all Secrets lost. Readers find the old file or the new one.
    Raises OSError; FileExistsError where it is there and shall not be replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with open(fresh, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(render(keys).encode())
            file.flush()
            os.fsync(file.fileno())
        if replace:
            fresh.replace(path)
        else:
            os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


class KeyFile:
    """The file as it is now, read again when it has changed. What cannot be read any more stays in force."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, ...] | None = None
        self._keys = Keys()
        self._complaint = ""

    def keys(self) -> Keys:
        """Costs one look at the file's times."""
        try:
            found = os.stat(self.path)
            stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        except FileNotFoundError:
            self._lost(f"{self.path} is gone")
            return self._keys
        if stamp != self._stamp:
            try:
                self._keys, self._complaint = parse(self.path.read_text(), str(self.path)), ""
            except (ConfigError, OSError, UnicodeDecodeError) as error:
                if not self._keys.all:
                    raise ConfigError(f"{error}; restore it from a copy") from error
                self._lost(str(error))
            self._stamp = stamp
        return self._keys

    def _lost(self, why: str) -> None:
        """Logged once; not where there never was a file."""
        if self._keys.all and self._complaint != why:
            self._complaint = why
            log.error("the keys of what is encrypted at rest are used as they were: %s", why)

    def create(self) -> bool:
        """A first key, where there is no file; several processes may do it at once. Returns whether it was made."""
        try:
            write(self.path, Keys((new_key("current"),)), replace=False)
        except FileExistsError:
            return False
        return True
