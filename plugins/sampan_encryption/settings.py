"""What an administrator may change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Section ``plugins.encryption``."""

    enabled: bool = True
    """Whether Secrets are written encrypted; what is encrypted is read in any case."""
    provider: str = ""
    """Name of the key provider that encrypts; empty: the key file."""
    configuration: str = ""
    """A file of Kubernetes' kind EncryptionConfiguration, in the home or with its whole path: which resources are
    encrypted, and by what. Secrets that it does not name are encrypted as without it. Followed while a server runs."""
