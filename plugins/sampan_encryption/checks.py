"""What `sampan doctor` says of encryption at rest."""

from __future__ import annotations

import stat
from pathlib import Path

from sampan.contracts.checks import Finding
from sampan.errors import ConfigError
from sampan_encryption.configuration import ANY, Section
from sampan_encryption.configured import read
from sampan_encryption.settings import Settings
from sampan_pki.key_file import NAME, parse


def findings(pki: str, settings: Settings, *, starting: bool, home: str = "") -> list[Finding]:
    """``starting``: no cluster runs yet; a first start makes the key."""
    if not settings.configuration:
        return _by_default(pki, settings, starting=starting)
    path = Path(home) / settings.configuration
    try:
        sections = read(path)
        mode = stat.S_IMODE(path.stat().st_mode)
    except (ConfigError, OSError) as error:
        return [Finding("bad", f"no API server starts: {error}")]
    found = [_of_section(section, path) for section in sections.all]
    if mode & 0o077 and any(provider.keys for section in sections.all for provider in section.providers):
        found.append(Finding("bad", f"others may read the keys in {path} (mode {mode:o}): chmod 600 {path}"))
    return found if sections.of("secrets", "") else [*found, *_by_default(pki, settings, starting=starting)]


def _of_section(section: Section, path: Path) -> Finding:
    names = ", ".join(
        plural if not group and plural != ANY else f"{plural}.{group}" for plural, group in section.resources
    )
    first = section.providers[0]
    if first.kind == "identity":
        text = f"{names} are written in the clear: identity is their first provider in {path}"
        return Finding("note" if ("secrets", "") in section.resources else "ok", text)
    by = f"the KMS plugin {first.kms.name}" if first.kms else f"{first.kind} with the key {first.keys[0].name}"
    return Finding("ok", f"{names} are encrypted at rest by {by}, of {path}")


def _by_default(pki: str, settings: Settings, *, starting: bool) -> list[Finding]:
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
