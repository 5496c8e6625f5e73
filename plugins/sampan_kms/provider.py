"""The key provider ``kms``: a KMS plugin as those of Kubernetes, over gRPC on a unix socket.

Source: KEP-3299 (KMS v2) and the limits of upstream's envelope/kmsv2. gRPC is loaded only where an endpoint is set.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from sampan.contracts.transforming import WrappedKey
from sampan.errors import ConfigError
from sampan_kms import messages

SECONDS = 3.0  # that a call may take, as upstream's default
_SERVICE = "/v2.KeyManagementService/"
_VERSIONS = ("v2", "v2beta1")
_LONGEST_KEY_ID = 1024  # bytes
_LONGEST_CIPHERTEXT = 1024
_LONGEST_ANNOTATIONS = 32 * 1024

#: The method's name and the request → the answer. Raises where the plugin cannot be reached.
Call = Callable[[str, bytes], bytes]


class KmsProvider:
    """Is a KeyProvider. What it raises says what is wrong with the plugin."""

    def __init__(
        self, call: Call, new_uid: Callable[[], str] = lambda: str(uuid.uuid4()), *, name: str = "kms"
    ) -> None:
        self.name = name
        self._call, self._uid = call, new_uid

    def key_id(self) -> str:
        found = messages.status_of(self._call("Status", b""))
        if found.version not in _VERSIONS:
            raise ValueError(f"its version is {found.version!r}, not v2")
        if found.healthz != "ok":
            raise ValueError(f"it is not well: {found.healthz!r}")
        return _checked_id(found.key_id)

    def encrypt(self, data_key: bytes) -> WrappedKey:
        request = messages.encrypt_request(data_key, self._uid())
        found = messages.encrypted_of(self._call("Encrypt", request))
        if not 0 < len(found.ciphertext) <= _LONGEST_CIPHERTEXT:
            raise ValueError(f"it answers an encrypted key of {len(found.ciphertext)} bytes")
        size = sum(len(key) + len(value) for key, value in found.annotations.items())
        if size > _LONGEST_ANNOTATIONS:
            raise ValueError(f"it answers annotations of {size} bytes")
        return WrappedKey(found.ciphertext, _checked_id(found.key_id), found.annotations)

    def decrypt(self, wrapped: WrappedKey) -> bytes:
        request = messages.decrypt_request(wrapped.ciphertext, self._uid(), wrapped.key_id, wrapped.annotations)
        return messages.plaintext_of(self._call("Decrypt", request))


def caller(endpoint: str, seconds: float = SECONDS, *, setting: str = "plugins.kms.endpoint") -> Call:
    """Calls the plugin at ``unix:///path``; ``setting`` is where that is said. Raises ConfigError."""
    path = endpoint.removeprefix("unix://")
    if path == endpoint or not path.startswith(("/", "@")):
        raise ConfigError(f"{setting}: {endpoint!r} must look like unix:///run/kms.sock")
    try:
        import grpc
    except ImportError as error:
        raise ConfigError(f"{setting} needs gRPC: pip install 'sampan[kms]'") from error
    target = f"unix-abstract:{path[1:]}" if path.startswith("@") else f"unix:{path}"
    channel = grpc.insecure_channel(target, options=[("grpc.enable_http_proxy", 0)])
    methods: dict[str, Any] = {name: channel.unary_unary(_SERVICE + name) for name in ("Status", "Encrypt", "Decrypt")}

    def call(method: str, request: bytes) -> bytes:
        try:
            answer: bytes = methods[method](request, timeout=seconds, wait_for_ready=True)
        except grpc.RpcError as error:
            raise ConnectionError(f"{method} at {endpoint}: {error.code().name}: {error.details()}") from error
        return answer

    return call


def _checked_id(key_id: str) -> str:
    if not 0 < len(key_id.encode()) <= _LONGEST_KEY_ID:
        raise ValueError(f"its key has an id of {len(key_id.encode())} bytes")
    return key_id
