"""What is counted of webhooks, under upstream's names. Source: apiserver's pkg/admission/metrics."""

from __future__ import annotations

from sampan.contracts.serving import Metric
from sampan_machinery.distributions import Counts, Distributions
from sampan_webhooks.refusals import CallingFailed, Denied

ADMIT, VALIDATING = "admit", "validating"  # the label ``type``
_HEAD = "apiserver_admission_webhook"
_BOUNDS = (0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 10.0, 25.0)
_HIGHEST = 600  # codes above it are counted as this one, so that a webhook cannot make many series


class Figures:
    """Of one server."""

    def __init__(self) -> None:
        self._durations = Distributions(_BOUNDS)
        self._requests, self._rejections, self._failed_open = Counts(), Counts(), Counts()

    def metrics(self) -> list[Metric]:
        """Two counters of upstream's have no ``_total`` in their names, so they are shown as gauges here."""
        labels = ("name", "type", "operation", "rejected")
        return [
            Metric(
                f"{_HEAD}_admission_duration_seconds", "Seconds that calls of webhooks took.", labels,
                self._durations.read, histogram=True,
            ),
            Metric(
                f"{_HEAD}_request", "Calls of webhooks.", ("name", "type", "operation", "code", "rejected"),
                self._requests.read, counter=True,
            ),
            Metric(
                f"{_HEAD}_rejection_count", "Requests that were refused because of a webhook.",
                ("name", "type", "operation", "error_type", "rejection_code"), self._rejections.read,
            ),
            Metric(
                f"{_HEAD}_fail_open_count", "Failed calls that were ignored.", ("name", "type"), self._failed_open.read,
            ),
        ]  # fmt: skip

    def observe(
        self,
        name: str,
        sort: str,
        operation: str,
        seconds: float,
        failure: Exception | None = None,
        *,
        ignored: bool = False,
    ) -> None:
        """One call. ``failure``: what came of it but leave to go on; ``ignored``: by the failure policy."""
        code, error = _judged(failure)
        rejected = failure is not None and not ignored
        said = str(rejected).lower()
        self._durations.observe((name, sort, operation, said), seconds)
        self._requests.add(name, sort, operation, str(code), said)
        if rejected:
            self._rejections.add(name, sort, operation, error, str(code))
        elif failure is not None:
            self._failed_open.add(name, sort)


def _judged(failure: Exception | None) -> tuple[int, str]:
    """The labels ``code`` and ``error_type``."""
    if failure is None:
        return 200, "no_error"
    if isinstance(failure, Denied):
        return min(failure.code, _HIGHEST), "no_error"
    if isinstance(failure, CallingFailed):
        return 0, "calling_webhook_error"
    return 0, "apiserver_internal_error"
