"""What `sampan doctor` says of encryption at rest."""

from __future__ import annotations

import stat
from pathlib import Path

from sampan.contracts.checks import Finding
from sampan.errors import ConfigError
from sampan_encryption.settings import Settings
from sampan_pki.key_file import NAME, parse


def findings(pki: str, settings: Settings, *, starting: bool) -> list[Finding]:
    """``starting``: no cluster runs yet; a first start makes the key."""
    path = Path(pki) / NAME
    if not settings.enabled:
        return [Finding("note", "Secrets are written in the clear: plugins.encryption.enabled is false")]
    if settings.provider:
        return [Finding("ok", f"Secrets are encrypted at rest by the key provider {settings.provider}")]
    try:
        keys = parse(path.read_text(), str(path))
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        if starting:
            return []
        return [
            Finding("note", "Secrets are not encrypted at rest: `sampan secrets rotate` makes a key and encrypts them")
        ]
    except (ConfigError, OSError, UnicodeDecodeError) as error:
        return [Finding("bad", f"the keys of what is encrypted at rest: {error}; restore {path} from a copy")]
    current = keys.current
    found = [Finding("ok", f"Secrets are encrypted at rest by {current.name if current else 'none'} of {path}")]
    if mode & 0o077:
        found.append(Finding("bad", f"others may read {path} (mode {mode:o}): chmod 600 {path}"))
    return found
