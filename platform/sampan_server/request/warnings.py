"""Warnings as response headers. Source: KEP-1693."""

from __future__ import annotations

from collections.abc import Sequence


def warning_headers(warnings: Sequence[str]) -> Sequence[tuple[str, str]]:
    """RFC 9110 no longer has them, Kubernetes does (KEP-1693)."""
    if not warnings:
        return ()
    return [("Warning", '299 - "' + _quoted(text) + '"') for text in dict.fromkeys(warnings)]


def _quoted(text: str) -> str:
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    return clean.replace("\\", "\\\\").replace('"', '\\"').encode("ascii", "backslashreplace").decode()[:1024]
