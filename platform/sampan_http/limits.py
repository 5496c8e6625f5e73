"""Limits per client and per server: sizes in bytes, times in seconds. Knows nothing of gunicorn's settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of one server. Every time can be set so that tests need not wait."""

    head_bytes: int = 64 * 1024
    """Request line and headers together; a longer head is answered 431."""
    head_fields: int = 200
    """Header lines of one request; more are answered 431."""
    body_bytes: int = 3 * 1024 * 1024
    """A request body, decoded; a larger one is answered 413. 3 MiB is upstream's limit for resource bodies."""
    head_seconds: float = 10.0
    """To the end of the head: from accepting the connection, TLS handshake included, or a later request's first
    byte."""
    body_seconds: float = 60.0
    """Longest pause between two bytes of a body."""
    body_total_seconds: float = 120.0
    """From the end of the head to the end of the body."""
    body_rate: int = 4096
    """Lowest average rate of a body, in bytes per second, after the first ``body_grace_seconds``."""
    body_grace_seconds: float = 10.0
    """Time at the start of a body without a lowest rate."""
    bodies_bytes: int = 128 * 1024 * 1024
    """All bodies that are being received or processed; above it, a request is answered 429."""
    account_bodies_bytes: int = 32 * 1024 * 1024
    """The same for one account."""
    idle_seconds: float = 300.0
    """Between requests; longer than the 60-90 s of clients' connection pools, so that the client closes first."""
    write_seconds: float = 60.0
    """Longest time without the client reading any byte of what is queued for it."""
    queued_bytes: int = 256 * 1024 * 1024
    """Queued bytes of all connections; a shared buffer is counted once. Above it, the connections with the oldest
    queues are closed."""
    linger_seconds: float = 2.0
    """Lingering close: how long a refused client's input is discarded so that it can read the refusal."""
    graceful_seconds: float = 30.0
    """Drain: time for requests in flight after ``stop``."""
    last_request_seconds: float = 15.0
    """Drain with a successor: how long a keep-alive connection may wait for its last request."""
    spread_seconds: float = 5.0
    """Drain with a successor: time over which the ends of streams are spread."""
    tick_seconds: float = 1.0
    """Resolution of all these times."""
    connections: int = 20_000
    """Open connections, hijacked ones included; at the limit no more are accepted."""
    requests_per_turn: int = 8
    """Pipelined requests of one connection that are answered before other connections are served."""
    threads: int = 512
    """Threads of the pool for blocking work, at most."""
    heavy_threads: int = 4
    """Threads for work that computes. Each may delay the loop by the switch interval, a millisecond at a time."""
    heavy_waiting: int = 256
    """Requests that may wait for such a thread; one more is answered 429."""
    thread_idle_seconds: float = 10.0
    """Idle time after which a pool thread ends."""
