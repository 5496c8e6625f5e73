"""Values on their way into a store and out of it: what is encrypted at rest, and who keeps the keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class ValueTransformer(Protocol):
    """Changes the stored values of kinds that are ``sensitive``; of other kinds it is not asked, unless it has
    ``prefixes``: beginnings of further keys of the store (``/apps/``; ``/`` for all kinds).

    Called by several threads, also by the event loop: ``to_stored`` never waits. The watch cache holds what
    ``from_stored`` returns, so a read asks nothing.
    """

    def to_stored(self, key: str, value: bytes) -> bytes:
        """What is stored under the key in place of the value. ``key`` is the store's; a value that was copied to
        another key must not be accepted there."""

    def from_stored(self, key: str, stored: bytes) -> bytes:
        """The value. Raises ``contracts.store.Unusable`` with a sentence for the operator."""

    def tag(self, stored: bytes) -> str:
        """Names what the value was transformed by (a key's name); "" for a value that is stored as it is."""

    def current(self, key: str) -> str:
        """The tag that ``to_stored`` would give now, for a value under this key. A value with another one is outdated:
        any write of the object stores it again, even one that changes nothing."""


class WrappedKey(NamedTuple):
    """A data key, encrypted by a key that never leaves its provider."""

    ciphertext: bytes
    key_id: str  # which of the provider's keys did it
    annotations: Mapping[str, bytes] = {}  # what the provider wants back to decrypt it; stored as it is


class KeyProvider(Protocol):
    """Keeps a key elsewhere (a KMS, an HSM) and encrypts data keys by it, in the manner of upstream's KMS v2.

    Each API server makes a data key when it starts, and another one when ``key_id`` changes. It has the data key
    encrypted once, and keeps both; each value is stored with its encrypted data key.
    """

    name: str  # for the setting that chooses one

    def key_id(self) -> str:
        """The key that ``encrypt`` uses now. Asked at the start and every minute, on a thread of its own. May wait,
        for some seconds at most; raises where the provider cannot be reached."""

    def encrypt(self, data_key: bytes) -> WrappedKey:
        """Asked when a data key is made. May wait and raise, as ``key_id``."""

    def decrypt(self, wrapped: WrappedKey) -> bytes:
        """The data key; asked once for each that is met. May wait and raise, as ``key_id``."""


class KeyProviderSource(Protocol):
    """Makes key providers for addresses that a configuration file names, where their number is not known before."""

    name: str  # of the kind of provider, as the file names it: ``kms``

    def connect(self, name: str, endpoint: str, seconds: float) -> KeyProvider:
        """The provider at that address, named so; asked nothing yet. A call may take ``seconds``. Raises ConfigError
        for an address that cannot be one."""
