"""base64. Source: cel-go ext, "Encoders"."""

from __future__ import annotations

import base64
import binascii

from sampan_cel.declarations import Library, function, text_cost
from sampan_cel.errors import CelError
from sampan_cel.types import BYTES, STRING


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise CelError(f"illegal base64 data: {text!r}") from None


ENCODERS = Library("encoders", {
    "base64.encode": [function((BYTES,), STRING, lambda data: base64.b64encode(data).decode(), text_cost)],
    "base64.decode": [function((STRING,), BYTES, _decoded, text_cost)],
})  # fmt: skip
