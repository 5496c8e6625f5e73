"""What one client may cost: sizes in bytes, times in seconds. Knows nothing of gunicorn's settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of one server. Every time is injectable so that tests need not wait."""

    head_bytes: int = 64 * 1024
    """Request line and headers together; more is 431."""
    head_fields: int = 200
    """Header lines in one request; more is 431."""
    body_bytes: int = 3 * 1024 * 1024
    """A whole request body, decoded; more is 413. 3 MiB is upstream's limit for resource bodies."""
    head_seconds: float = 10.0
    """From connecting (TLS handshake included), or from a later request's first byte, to the end of its head."""
    body_seconds: float = 60.0
    """Without one byte of a body that is not complete."""
    body_total_seconds: float = 120.0
    """From the head to the end of its body."""
    body_rate: int = 4096
    """Bytes of a body a second that must have come at least, on average, after the first ``body_grace_seconds``."""
    body_grace_seconds: float = 10.0
    """In which a body may come at any rate."""
    bodies_bytes: int = 128 * 1024 * 1024
    """Of all bodies that are on their way or being worked on; one more is 429."""
    account_bodies_bytes: int = 32 * 1024 * 1024
    """The same of one account."""
    idle_seconds: float = 300.0
    """Between requests; longer than the 60-90 s of clients' pools, so that the client is the one who closes."""
    write_seconds: float = 60.0
    """Without the client taking one byte of what it is being sent."""
    queued_bytes: int = 256 * 1024 * 1024
    """Of answers that clients have not taken yet, a buffer that several share counted once; beyond it the connections
    that have held theirs longest are cut off."""
    linger_seconds: float = 2.0
    """For a refused client to read the refusal while what it still sends is thrown away."""
    graceful_seconds: float = 30.0
    """For requests in flight after stop."""
    patience_seconds: float = 15.0
    """For kept connections to be used once more, or closed by the client, after stop, where somebody else serves on."""
    spread_seconds: float = 5.0
    """Over which streams are ended after stop, where somebody else serves on."""
    tick_seconds: float = 1.0
    """How exact all these times are."""
    connections: int = 20_000
    """Open connections, taken-over ones included; at the limit no more are accepted."""
    requests_per_turn: int = 8
    """Pipelined requests of one connection answered before the others get their turn."""
    threads: int = 512
    """Most threads of the pool for blocking work."""
    heavy_threads: int = 4
    """Threads for work that computes. Each may keep the loop waiting for the interpreter, a millisecond at a time."""
    heavy_waiting: int = 256
    """Such requests that wait for a thread; one more is 429."""
    thread_idle_seconds: float = 10.0
    """Without work until a pool thread ends."""
