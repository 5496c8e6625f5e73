"""Announcements; each call is isolated, so a failing listener is logged and passed over."""

from __future__ import annotations

from sampan.hookspecs.markers import hookspec


@hookspec
def on_ready(url: str) -> None:
    """The API server answers now.

    Called: once in each API server process, after the bootstrap objects, from a thread of its own.
    Answer: none.
    Failure: logged with the plugin's name.
    """


@hookspec
def on_stop() -> None:
    """The API server is about to end.

    Called: once in each API server process, after the last request was answered.
    Answer: none.
    Failure: logged with the plugin's name.
    """
