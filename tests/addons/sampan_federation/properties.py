"""How properties are proved: whatever a machine's load, and with the same examples each time."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

#: As a decorator, above ``given``.
proved = settings(
    deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
