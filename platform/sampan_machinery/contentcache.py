"""Results of pure functions, kept by the content of the JSON value that they were computed from.

Controllers create many objects from one template: the fields, the validity and the warnings of a thousand equal specs
are computed once. Equality is equality of the encoded bytes, so 1, 1.0 and true stay different values. Knows JSON; not
what is computed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode
_MISSING: Any = object()


class ContentCache(Generic[T]):
    """At most twice ``entries`` results, of values whose JSON is not longer than ``longest`` bytes.

    Safe for threads without a lock: dicts are only read, added to and replaced whole. The newest entries stay: when the
    young generation is full it becomes the old one, and what is used again comes back.
    """

    __slots__ = ("_entries", "_longest", "_old", "_young")

    def __init__(self, *, entries: int = 128, longest: int = 8192) -> None:
        self._entries = entries
        self._longest = longest
        self._young: dict[bytes, T] = {}
        self._old: dict[bytes, T] = {}

    def of(self, value: Any, compute: Callable[[], T], *, keep: Callable[[T], bool] | None = None) -> T:
        """The result for ``value``: the kept one, else ``compute()``, which is kept where ``keep`` agrees.

        Results are shared and must not be changed. A value that JSON cannot represent is computed each time.
        """
        try:
            key = _encode(value)
        except (OverflowError, UnicodeError, RecursionError, TypeError, ValueError):
            return compute()
        found: T = self._young.get(key, _MISSING)
        if found is not _MISSING:
            return found
        if len(key) > self._longest:
            return compute()
        found = self._old.get(key, _MISSING)
        if found is _MISSING:
            found = compute()
            if keep is not None and not keep(found):
                return found
        if len(self._young) >= self._entries:
            self._young, self._old = {}, self._young
        self._young[key] = found
        return found
