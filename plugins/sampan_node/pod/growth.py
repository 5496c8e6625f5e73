"""How long texts may get when references to variables are looked up in them. Pure.

References multiply: ``A1=$(A0)$(A0)``, ``A2=$(A1)$(A1)`` and so on double with each line, and a value of a megabyte may
name one of a megabyte 250,000 times. So the length is computed before the text is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Characters of all variables of a container, or of all words of its command: what Linux takes (execve(2), ARG_MAX).
MOST = 2 << 20
_NAME = re.compile(r"\$\(([^)]*)\)")


class TooLong(Exception):
    """Text that is too long for any container."""


class ExpansionBudget:
    """What is left of ``MOST``."""

    def __init__(self) -> None:
        self._left = MOST

    def take(self, text: str, env: Mapping[str, str]) -> None:
        """Count ``text`` with its references looked up, at most; raises TooLong before it is made."""
        self._left -= len(text)
        for found in _NAME.finditer(text):
            if self._left < 0:
                break
            self._left -= len(env.get(found[1], ""))
        if self._left < 0:
            raise TooLong(
                f"variables, command and arguments are longer than {MOST} characters with references expanded"
            )
