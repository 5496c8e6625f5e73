"""One webhook of a configuration, read once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sampan.contracts.serving import Reader
from sampan_admission.criteria import Criteria
from sampan_machinery.resources import ENDPOINT_SLICES, SERVICES
from sampan_webhookclient.destinations import Destination, of_config

if TYPE_CHECKING:
    from sampan_admission.conditions import Condition

REVIEW_VERSIONS = ("v1", "v1beta1")


class Webhook:
    """``uid`` tells webhooks apart that have the same name."""

    def __init__(self, configuration: str, number: int, found: Mapping[str, Any]) -> None:
        """``found`` has its defaults."""
        self.configuration = configuration
        self.name = str(found["name"])
        self.uid = f"{configuration}/{self.name}/{number}"
        self.criteria = Criteria.of_webhook(found)
        self.ignores_failures = found.get("failurePolicy") == "Ignore"
        self.seconds = float(found.get("timeoutSeconds") or 10)
        self.side_effects = str(found.get("sideEffects") or "")
        self.reinvoked_if_needed = found.get("reinvocationPolicy") == "IfNeeded"
        known = [version for version in found.get("admissionReviewVersions") or () if version in REVIEW_VERSIONS]
        self.review_version = known[0] if known else ""
        self._config = dict(found.get("clientConfig") or {})
        self._conditions = tuple(found.get("matchConditions") or ())
        self._compiled: tuple[Condition, ...] | None = None
        self._destination: tuple[tuple[int, int], Destination] | None = None
        self._lock = threading.Lock()

    @property
    def has_conditions(self) -> bool:
        return bool(self._conditions)

    def conditions(self) -> tuple[Condition, ...]:
        """Compiled when they are needed first. Raises CompileError."""
        with self._lock:
            if self._compiled is None:
                from sampan_admission import conditions

                self._compiled = conditions.compiled(self._conditions)
            return self._compiled

    def destination(self, reader: Reader) -> Destination:
        """Resolved again when any Service or its endpoints have changed. Raises CallFailed."""
        state = (
            (reader.generation(SERVICES), reader.generation(ENDPOINT_SLICES)) if "service" in self._config else (0, 0)
        )
        known = self._destination
        if known is None or known[0] != state:
            known = self._destination = (state, of_config(self._config, reader))
        return known[1]
