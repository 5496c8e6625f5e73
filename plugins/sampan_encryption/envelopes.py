"""Values sealed by data keys that a key provider has encrypted. The encrypted data key is stored with each value."""

from __future__ import annotations

import base64
import json
import logging
import secrets
import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from sampan.contracts.store import Unavailable, Unusable
from sampan.contracts.transforming import KeyProvider, WrappedKey
from sampan_encryption.ciphers import open_sealed, seal

log = logging.getLogger(__name__)

T = TypeVar("T")

_BYTES = 32
_EVERY = 60.0  # seconds between two looks at which key the provider uses
_REMEMBERED = 1000  # data keys
_LENGTH = struct.Struct(">H")


class DataKey(NamedTuple):
    secret: bytes
    head: bytes  # the encrypted key as it is stored with each value
    key_id: str


class ProviderCipher:
    """Asks its provider when it is made, once for each data key that it meets, and every minute for the key's id, on a
    thread of its own: sealing never waits. Raises Unavailable where the provider cannot be reached."""

    def __init__(
        self,
        provider: KeyProvider,
        *,
        clock: Callable[[], float] = time.monotonic,
        begin: Callable[..., None] | None = None,
    ) -> None:
        self.mark = b"sampan:kms:v1:" + provider.name.encode() + b":"
        self._provider = provider
        self._clock = clock
        self._begin = begin or _in_background
        self._known: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._looked_at = clock()
        self._own: DataKey | None = None

    def current(self) -> str:
        return f"{self._provider.name}/{self._data_key().key_id}"

    def seal(self, key: str, value: bytes) -> bytes:
        own = self._data_key()
        return self.mark + own.head + seal(own.secret, key, value)

    def open(self, key: str, sealed: bytes) -> bytes:
        head, rest = self._divided(sealed)
        return open_sealed(self._secret(head), key, rest)

    def opens(self, sealed: bytes) -> bool:
        return sealed.startswith(self.mark)

    def tag(self, sealed: bytes) -> str:
        return f"{self._provider.name}/{_read(self._divided(sealed)[0]).key_id}"

    def prepare(self) -> None:
        """Makes the data key: waits for the provider. To be called before the first value is sealed."""
        self._own = self._new()

    def _data_key(self) -> DataKey:
        own = self._own
        if own is None:
            raise Unavailable(f"the key provider {self._provider.name} has not been asked yet")
        if self._clock() - self._looked_at >= _EVERY:
            self._looked_at = self._clock()
            self._begin(self._look)
        return own

    def _look(self) -> None:
        """Another data key where the provider uses another key."""
        try:
            if self._own is None or self._provider.key_id() != self._own.key_id:
                self._own = self._new()
        except Exception as error:
            log.warning("the key provider %s cannot be asked; its last key stays: %s", self._provider.name, error)

    def _new(self) -> DataKey:
        secret = secrets.token_bytes(_BYTES)
        wrapped = self._asked(lambda: self._provider.encrypt(secret))
        data: dict[str, object] = {"keyId": wrapped.key_id, "key": _text(wrapped.ciphertext)}
        if wrapped.annotations:
            data["annotations"] = {key: _text(value) for key, value in wrapped.annotations.items()}
        text = json.dumps(data, separators=(",", ":")).encode()
        if len(text) > 0xFFFF:
            raise Unusable(f"the key provider {self._provider.name} answers an encrypted key of more than 48 KiB")
        head = _LENGTH.pack(len(text)) + text
        self._remember(head, secret)
        return DataKey(secret, head, wrapped.key_id)

    def _secret(self, head: bytes) -> bytes:
        found = self._known.get(head)
        if found is None:
            wrapped = _read(head)
            found = self._asked(lambda: self._provider.decrypt(wrapped))
            if len(found) != _BYTES:
                raise Unusable(f"the key provider {self._provider.name} answers a data key of {len(found)} bytes")
            self._remember(head, found)
        return found

    def _remember(self, head: bytes, secret: bytes) -> None:
        with self._lock:
            self._known[head] = secret
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except Exception as error:
            raise Unavailable(f"the key provider {self._provider.name} cannot be used: {error}") from error

    def _divided(self, sealed: bytes) -> tuple[bytes, bytes]:
        """The stored head, and what is sealed."""
        start = len(self.mark)
        if len(sealed) < start + _LENGTH.size:
            raise Unusable("an encrypted value is cut off")
        (length,) = _LENGTH.unpack_from(sealed, start)
        end = start + _LENGTH.size + length
        return sealed[start:end], sealed[end:]


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _read(head: bytes) -> WrappedKey:
    try:
        data = json.loads(head[_LENGTH.size :])
        annotations = {key: base64.b64decode(value) for key, value in data.get("annotations", {}).items()}
        return WrappedKey(base64.b64decode(data["key"]), data["keyId"], annotations)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unusable("an encrypted value has no readable data key") from None


def _in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="key-provider", daemon=True).start()
