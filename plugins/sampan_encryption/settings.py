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
