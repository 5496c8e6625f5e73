"""sampan's HTTP server: one event loop that parks, hijacks and offloads requests. ``Worker`` is for gunicorn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sampan_http.limits import Limits
from sampan_http.server import Server

if TYPE_CHECKING:
    from sampan_http.worker import Worker

__all__ = ["Limits", "Server", "Worker"]


def __getattr__(name: str) -> Any:
    """Import gunicorn only when ``Worker`` is used."""
    if name == "Worker":
        from sampan_http.worker import Worker

        return Worker
    raise AttributeError(name)
