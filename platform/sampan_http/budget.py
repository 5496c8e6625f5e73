"""Bytes of request bodies that are being received or processed, in total and per account."""

from __future__ import annotations

from collections import Counter


class BodyBudget:
    """One per server. Loop thread only."""

    __slots__ = ("_account_most", "_accounts", "_most", "total")

    def __init__(self, most: int, account_most: int) -> None:
        self._most, self._account_most = most, account_most
        self._accounts: Counter[str] = Counter()
        self.total = 0

    def reserve(self, account: str, size: int) -> bool:
        """Reserve ``size`` bytes until ``release``. Returns False if that would exceed a limit."""
        if self.total + size > self._most or self._accounts[account] + size > self._account_most:
            return False
        self.total += size
        self._accounts[account] += size
        return True

    def release(self, account: str, size: int) -> None:
        self.total -= size
        self._accounts[account] -= size
        if not self._accounts[account]:
            del self._accounts[account]
