"""Configuration files in Kubernetes' form (AuditPolicy, EncryptionConfiguration …): decoded, and refused as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sampan.contracts.kinds import Problem
from sampan.errors import BadRequest, ConfigError


def read(text: bytes, source: str, check: Callable[[Any], Iterable[Problem]]) -> Any:
    """The YAML document, in which ``check`` has found no problem. Raises ConfigError with every problem, each with its
    field path; ``source`` is the file's name for the message."""
    from sampan_machinery import yamlin  # the YAML library is imported only where there is a file

    try:
        found = yamlin.decode(text)
    except BadRequest as error:
        raise ConfigError(f"{source}: {error.message}") from error
    wrong = list(check(found))
    if wrong:
        raise ConfigError(f"{source}: {'; '.join(f'{each.path}: {each.message}' for each in wrong)}")
    return found
