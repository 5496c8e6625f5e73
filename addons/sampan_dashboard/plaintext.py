"""What containers print, as text that does nothing: not on a page, and not in a terminal that it is pasted into."""

from __future__ import annotations

import re

#: Escape sequences of terminals, and other control characters but tab and line feed. Source: ECMA-48, §5.4.
CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-_]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(text: str) -> str:
    return CONTROL.sub("", text)
