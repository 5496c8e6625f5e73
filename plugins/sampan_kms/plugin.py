"""Where sampan_kms meets the platform."""

from __future__ import annotations

from dataclasses import dataclass

from sampan.contracts.serving import ServerContext
from sampan.contracts.transforming import KeyProvider, KeyProviderSource
from sampan.hookspecs import hookimpl


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.kms``."""

    endpoint: str = ""
    """Socket of a Kubernetes KMS v2 plugin, unix:///run/kms.sock. Empty: none, and gRPC is not loaded."""


@hookimpl
def contribute_key_providers(context: ServerContext) -> list[KeyProvider]:
    settings = context.settings if isinstance(context.settings, Settings) else Settings()
    if not settings.endpoint:
        return []
    from sampan_kms.provider import KmsProvider, caller  # with gRPC

    return [KmsProvider(caller(settings.endpoint))]


class Sockets:
    """Reaches the KMS plugins that an EncryptionConfiguration names. Is a KeyProviderSource."""

    name = "kms"

    def connect(self, name: str, endpoint: str, seconds: float) -> KeyProvider:
        from sampan_kms.provider import KmsProvider, caller  # with gRPC

        return KmsProvider(caller(endpoint, seconds, setting=f"the KMS plugin {name}"), name=name)


@hookimpl
def contribute_key_provider_sources() -> list[KeyProviderSource]:
    return [Sockets()]
