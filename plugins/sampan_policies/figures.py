"""What is counted of policies, under upstream's names.

Loaded with the server, so it knows nothing of CEL. Source: apiserver's
pkg/admission/plugin/policy/{validating,mutating}/metrics.
"""

from __future__ import annotations

from collections.abc import Callable

from sampan.contracts.serving import Metric
from sampan_machinery.distributions import Counts, Distributions

_BOUNDS = (0.0000005, 0.001, 0.01, 0.1, 1.0)
_LABELS = ("policy", "policy_binding", "error_type", "enforcement_action")
NO_ERROR = "no_error"

#: Policy, binding, type of the error, action, seconds.
Observe = Callable[[str, str, str, str, float], None]


class Figures:
    """Of one sort of policies: ``validating`` or ``mutating``."""

    def __init__(self, sort: str) -> None:
        self._head = f"apiserver_{sort}_admission_policy_check"
        self._checks, self._durations = Counts(), Distributions(_BOUNDS)

    def observe(self, policy: str, binding: str, error: str, action: str, seconds: float) -> None:
        labels = (policy, binding, error, action)
        self._checks.add(*labels)
        self._durations.observe(labels, seconds)

    def metrics(self) -> list[Metric]:
        return [
            Metric(self._head, "Checks of policies that came to something.", _LABELS, self._checks.read, counter=True),
            Metric(
                f"{self._head}_duration_seconds", "Seconds that those checks took.", _LABELS, self._durations.read,
                histogram=True,
            ),
        ]  # fmt: skip


def unobserved(policy: str, binding: str, error: str, action: str, seconds: float) -> None:
    """Counts nothing."""
