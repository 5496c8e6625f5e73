"""Regular expressions, by RE2: a pattern that a client chose takes time in proportion to the text, whatever it is.

Python's own ``re`` goes back and forth and can be held up for ever by ``(a+)+$``.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from sampan_cel.errors import CelError

PATTERN = 0.25  # the cost of each character of a pattern
KEPT = 1024  # compiled patterns


@functools.lru_cache(KEPT)
def compiled(pattern: str) -> Any:
    """Raises CelError for a pattern that RE2 does not read."""
    import re2  # 5 ms, for those that use one

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options)
    except re2.error as error:
        words = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else error.args[0]
        raise CelError(f"error parsing regexp: {words}") from None


def matches(text: str, pattern: str) -> bool:
    """Whether the pattern is found anywhere in the text. As bytes: re2 counts the characters before a match else."""
    return compiled(pattern).search(text.encode()) is not None


def cost(text: str, pattern: str) -> int:
    return pattern_cost(len(text), len(pattern))


def pattern_cost(text: int, pattern: int) -> int:
    """Of a text and a pattern of these lengths: a guess of the parts of the pattern, as cel-go makes it."""
    return math.ceil((1 + text) * 0.1) * math.ceil(pattern * PATTERN)
