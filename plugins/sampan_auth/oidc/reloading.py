"""The file AuthenticationConfiguration while the server runs: read again when it changes.

A new configuration counts once it is right and the keys of all its issuers are there; until then, and where it is
wrong, the old one does (upstream's StructuredAuthenticationConfiguration).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sampan.errors import ConfigError
from sampan_auth.anonymous import rule_of
from sampan_auth.oidc.configuration import Issuer
from sampan_auth.oidc.providers import ProviderKeys
from sampan_auth.oidc.tokens import IdTokens
from sampan_machinery import yamlin

log = logging.getLogger(__name__)

_CHECK = 0.5  # seconds between two looks
SUCCESS, FAILURE = "success", "failure"

Parse = Callable[[bytes], Sequence[Issuer]]


class ConfigurationFile:
    """``run`` is a Duty's; the rest is for its thread. ``parse`` raises ConfigError."""

    def __init__(
        self,
        path: Path,
        parse: Parse,
        keys_of: Callable[[Issuer], ProviderKeys],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raises ConfigError where the file cannot be used."""
        self._path, self._parse, self._keys_of, self._clock = path, parse, keys_of, clock
        self._seen = self._signature()
        try:
            self._text = path.read_bytes()
        except OSError as error:
            raise ConfigError(f"plugins.auth.authentication_config: {path} cannot be read: {error.strerror}") from error
        self._providers = [keys_of(each) for each in parse(self._text)]
        self.anonymous = rule_of(yamlin.decode(self._text))
        self._next: list[ProviderKeys] | None = None  # of a new configuration, whose keys are still to come
        self.tokens = IdTokens(self._providers)
        self.reloads = {SUCCESS: 0, FAILURE: 0}
        self.reloaded_at: dict[str, float] = {}  # Unix time of the last one

    def run(self, stop: threading.Event) -> None:
        while True:
            self.turn(stop)
            if stop.wait(_CHECK):
                return

    def turn(self, stop: threading.Event) -> None:
        """Fetch keys that are due; take over what the file says now."""
        self._look()
        for each in (*self._providers, *(self._next or ())):
            if not stop.is_set():
                each.refresh()
        if self._next is not None and all(each.ready for each in self._next):
            self._providers, self._next = self._next, None
            self.tokens.replace(self._providers)
            self._note(SUCCESS)
            log.info("auth: %s has been read again", self._path)

    def _look(self) -> None:
        signature = self._signature()
        if signature == self._seen:
            return
        self._seen = signature
        try:
            text = self._path.read_bytes()
        except OSError as error:
            self._fail(error.strerror or str(error))
            return
        if text == self._text:
            return
        self._text, self._next = text, None
        try:
            issuers = self._parse(text)
            if rule_of(yamlin.decode(text)) != self.anonymous:
                raise ConfigError("anonymous: Forbidden: changed from initial configuration file; restart the server")
            self._next = [self._keys_of(each) for each in issuers]
        except ConfigError as error:
            self._fail(str(error))

    def _fail(self, why: str) -> None:
        self._note(FAILURE)
        log.error("auth: %s is not taken over, what it said before still counts: %s", self._path, why)

    def _note(self, status: str) -> None:
        self.reloads[status] += 1
        self.reloaded_at[status] = self._clock()

    def _signature(self) -> tuple[int, int, int] | None:
        """What changes with the file, also where it is replaced or is a link, as in a mounted ConfigMap."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size
