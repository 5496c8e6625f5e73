"""The transformer of an EncryptionConfiguration: which provider seals and opens a value follows from its resource.

The file is read again when it changes; one that is wrong changes nothing. Resources that it does not name are stored as
without it: Secrets by the key file, the rest in the clear.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sampan.contracts.store import Unavailable, Unusable
from sampan.contracts.transforming import ValueTransformer
from sampan.errors import ConfigError
from sampan_encryption.ciphers import Cipher
from sampan_encryption.configuration import Kms, Provider, Sections, read_configuration
from sampan_encryption.envelopes import ProviderCipher
from sampan_encryption.providers import HEAD, keyed

log = logging.getLogger(__name__)

SUCCESS, FAILURE = "success", "failure"
_CLEAR, _OWN = b"{", b"sampan:"  # an object as JSON; sealed by the key file or a key provider
#: A provider ``identity``: values are written in the clear, and read so.
_IDENTITY = None

#: A cipher for a KMS plugin, not yet asked anything. Raises ConfigError.
Connect = Callable[[Kms], ProviderCipher]


class Chosen(NamedTuple):
    """The ciphers of one resource, in order; None is identity."""

    ciphers: tuple[Cipher | None, ...]
    text: str  # ``secrets``, for messages


class State:
    """What one reading of the file gives. Replaced whole, so readers need no lock."""

    def __init__(self, sections: Sections, ciphers: Mapping[Provider, Cipher | None]) -> None:
        self._sections = sections
        self._chosen: dict[tuple[str, str], Chosen | None] = {}
        self.ciphers = ciphers

    def of(self, plural: str, group: str) -> Chosen | None:
        try:
            return self._chosen[plural, group]
        except KeyError:
            providers = self._sections.of(plural, group)
            text = f"{plural}.{group}" if group else plural
            found = Chosen(tuple(self.ciphers[each] for each in providers), text) if providers else None
            return self._chosen.setdefault((plural, group), found)


class ConfiguredTransformer:
    """Is a ValueTransformer; ``rest`` transforms what the configuration does not name below the prefixes ``sensitive``.

    KMS plugins that are new in a changed file are asked on another thread, as sealing never waits; the file counts once
    they have answered.
    """

    prefixes = ("/",)  # any resource can be named, also later

    def __init__(
        self,
        path: Path,
        rest: ValueTransformer,
        sensitive: Sequence[str],
        connect: Connect,
        begin: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        """Raises ConfigError, and Unavailable where a KMS plugin cannot be reached."""
        self.path = path
        self.reloads = {SUCCESS: 0, FAILURE: 0}
        self._rest, self._sensitive, self._connect = rest, tuple(sensitive), connect
        self._begin = begin or _in_background
        self._lock = threading.Lock()
        self._kms: dict[Kms, ProviderCipher] = {}
        self._stamp = _stamp(path)
        self._state = self._made(read(path))

    def to_stored(self, key: str, value: bytes) -> bytes:
        if not value.startswith(_CLEAR):  # the server's own notes are no objects
            return value
        chosen = self._of(key)
        if chosen is None:
            return self._rest.to_stored(key, value) if key.startswith(self._sensitive) else value
        writer = chosen.ciphers[0]
        return value if writer is _IDENTITY else writer.seal(key, value)

    def from_stored(self, key: str, stored: bytes) -> bytes:
        chosen = self._of(key)
        if stored.startswith(_CLEAR):
            if chosen is None or _IDENTITY in chosen.ciphers:
                return stored
            raise Unusable(
                f"the value of {key} is stored in the clear, and {self.path} has no provider identity for "
                f"{chosen.text}: add `- identity: {{}}` as the last of its providers, run `sampan secrets rotate`, "
                "then remove it again"
            )
        failure: Unusable | None = None
        for cipher in chosen.ciphers if chosen is not None else ():
            if cipher is not None and cipher.opens(stored):
                try:
                    return cipher.open(key, stored)
                except Unusable as error:
                    failure = error
        if failure is not None:
            raise failure
        if stored.startswith(HEAD):
            raise self._unknown(key, stored)
        if stored.startswith(_OWN) or key.startswith(self._sensitive):
            return self._rest.from_stored(key, stored)  # written before there was the file
        return stored

    def tag(self, stored: bytes) -> str:
        if stored.startswith((HEAD, _OWN)):
            for cipher in self._state.ciphers.values():
                if cipher is not None and cipher.opens(stored):
                    return cipher.tag(stored)
        return self._rest.tag(stored)

    def current(self, key: str) -> str:
        chosen = self._of(key)
        if chosen is None:
            return self._rest.current(key) if key.startswith(self._sensitive) else ""
        writer = chosen.ciphers[0]
        return "" if writer is _IDENTITY else writer.current()

    def _unknown(self, key: str, stored: bytes) -> Unusable:
        by = b" ".join(stored.split(b":", 5)[2:5:2]).decode("ascii", "replace")  # aescbc key1
        return Unusable(
            f"the value of {key} is encrypted by {by}, which {self.path} does not list for its resource: put that key "
            "back, after the first one"
        )

    def _of(self, key: str) -> Chosen | None:
        """What counts for a key of the store, ``/group/plural/…``. Costs one look at the file's times."""
        if _stamp(self.path) != self._stamp:
            self._reload()
        _, group, plural, *_ = (*key.split("/", 3), "", "")
        return self._state.of(plural, "" if group == "core" else group)

    def _reload(self) -> None:
        with self._lock:
            stamp = _stamp(self.path)
            if stamp == self._stamp:
                return
            self._stamp = stamp
            try:
                sections = read(self.path)
            except ConfigError as error:
                self._fail(error)
                return
        if all(each in self._kms for each in _kms_of(sections)):
            self._take(sections)
        else:
            self._begin(lambda: self._take(sections))

    def _take(self, sections: Sections) -> None:
        try:
            self._state = self._made(sections)
        except (ConfigError, Unavailable) as error:
            self._fail(error)
            return
        self.reloads[SUCCESS] += 1
        log.info("encryption: %s has been read again", self.path)

    def _fail(self, error: Exception) -> None:
        self.reloads[FAILURE] += 1
        log.error("encryption: %s is not taken over, what it said before still counts: %s", self.path, error)

    def _made(self, sections: Sections) -> State:
        """Waits for KMS plugins that were not asked before."""
        for each in _kms_of(sections):
            if each not in self._kms:
                cipher = self._connect(each)
                cipher.prepare()
                self._kms[each] = cipher
        every = {provider for section in sections.all for provider in section.providers}
        return State(sections, {each: self._cipher(each) for each in every})

    def _cipher(self, provider: Provider) -> Cipher | None:
        if provider.kind == "identity":
            return _IDENTITY
        return self._kms[provider.kms] if provider.kms else keyed(provider.kind, provider.keys)


def read(path: Path) -> Sections:
    """Raises ConfigError."""
    source = f"plugins.encryption.configuration: {path}"
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{source} cannot be read: {error.strerror}") from error
    return read_configuration(text, source)


def _kms_of(sections: Sections) -> Sequence[Kms]:
    return [each.kms for section in sections.all for each in section.providers if each.kms]


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="encryption-configuration", daemon=True).start()
