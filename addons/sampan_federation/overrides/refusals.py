"""What an override policy says that cannot be done."""

from __future__ import annotations


class OverrideFailed(Exception):
    """An override cannot be applied; the message has the policy's field and the reason."""
