"""The providers of an EncryptionConfiguration: values sealed in the form that upstream's of the same name have.

Each value begins with ``k8s:enc:<provider>:v1:<key name>:``. The first key of a provider seals, all open. Knows no file
and no resource.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from sampan.contracts.store import Unusable
from sampan_encryption import secretbox
from sampan_encryption.ciphers import open_sealed, seal
from sampan_encryption.configuration import NamedKey

HEAD = b"k8s:enc:"
_BLOCK = 16  # bytes of AES


class Form(NamedTuple):
    """One way of sealing: (secret, store key, value) → bytes, and back. ``open`` raises Unusable."""

    seal: Callable[[bytes, str, bytes], bytes]
    open: Callable[[bytes, str, bytes], bytes]


class KeyedCipher:
    """Is a Cipher: a provider that has its keys in the configuration."""

    def __init__(self, kind: str, keys: Sequence[NamedKey], form: Form) -> None:
        self.mark = HEAD + f"{kind}:v1:".encode()
        self._kind, self._form = kind, form
        self._keys = [(self.mark + key.name.encode() + b":", key) for key in keys]

    def current(self) -> str:
        return f"{self._kind}/{self._keys[0][1].name}"

    def seal(self, key: str, value: bytes) -> bytes:
        head, first = self._keys[0]
        return head + self._form.seal(first.secret, key, value)

    def open(self, key: str, sealed: bytes) -> bytes:
        """By each key of that name: names may be given twice while a key is replaced."""
        failure = Unusable(f"the value of {key} is encrypted by a {self._kind} key that is not in the configuration")
        for head, each in self._keys:
            if sealed.startswith(head):
                try:
                    return self._form.open(each.secret, key, sealed[len(head) :])
                except Unusable as error:
                    failure = error
        raise failure

    def tag(self, sealed: bytes) -> str:
        found = next((key for head, key in self._keys if sealed.startswith(head)), None)
        return f"{self._kind}/{found.name if found else ''}"

    def opens(self, sealed: bytes) -> bool:
        return any(sealed.startswith(head) for head, _ in self._keys)


def _seal_cbc(secret: bytes, key: str, value: bytes) -> bytes:
    """Not authenticated, as upstream's: who can write to the store can change the value. Prefer aesgcm or secretbox."""
    start, pad = os.urandom(_BLOCK), PKCS7(_BLOCK * 8).padder()
    crypt = BlockCipher(algorithms.AES(secret), modes.CBC(start)).encryptor()
    return start + crypt.update(pad.update(value) + pad.finalize()) + crypt.finalize()


def _open_cbc(secret: bytes, key: str, sealed: bytes) -> bytes:
    try:
        crypt = BlockCipher(algorithms.AES(secret), modes.CBC(sealed[:_BLOCK])).decryptor()
        padded, pad = crypt.update(sealed[_BLOCK:]) + crypt.finalize(), PKCS7(_BLOCK * 8).unpadder()
        return pad.update(padded) + pad.finalize()
    except ValueError:
        raise _cannot(key) from None


def _seal_box(secret: bytes, key: str, value: bytes) -> bytes:
    """The store's key is not authenticated with the value, as upstream's is not."""
    return secretbox.encrypt(secret, os.urandom(secretbox.NONCE), value)


def _open_box(secret: bytes, key: str, sealed: bytes) -> bytes:
    try:
        return secretbox.decrypt(secret, sealed)
    except ValueError:
        raise _cannot(key) from None


def _cannot(key: str) -> Unusable:
    return Unusable(f"the value of {key} cannot be decrypted: it was changed, or its key is another of the same name")


_FORMS = {
    "aesgcm": Form(seal, open_sealed),
    "aescbc": Form(_seal_cbc, _open_cbc),
    "secretbox": Form(_seal_box, _open_box),
}


def keyed(kind: str, keys: Sequence[NamedKey]) -> KeyedCipher:
    return KeyedCipher(kind, keys, _FORMS[kind])
