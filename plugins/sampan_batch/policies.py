"""What a Job's podFailurePolicy and successPolicy say of its pods. Pure. Source: KEP-3329, KEP-3998."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_batch.indexes import Indexes
from sampan_machinery.metadata import get_path


class FailureMatch(NamedTuple):
    """What the first matching rule says of a failed pod; no action where none matches."""

    action: str = ""  # FailJob, FailIndex, Ignore, Count
    message: str = ""  # of FailJob

    @property
    def counts(self) -> bool:
        """Whether the failure counts against the back-off limits."""
        return self.action != "Ignore"


def match_failure(job: Object, pod: Object) -> FailureMatch:
    rules = get_path(job, "spec", "podFailurePolicy", "rules", default=())
    for index, rule in enumerate(rules):
        why = _why(rule, pod)
        if why:
            action = rule.get("action", "")
            return FailureMatch(action, f"{why} matching {action} rule at index {index}" if action == "FailJob" else "")
    return FailureMatch()


def _why(rule: Object, pod: Object) -> str:
    """How the rule matches the pod, "" where it does not."""
    name = f"{pod['metadata'].get('namespace', '')}/{pod['metadata']['name']}"
    if (wanted := rule.get("onExitCodes")) is not None:
        for status in _statuses(pod):
            code = get_path(status, "state", "terminated", "exitCode", default=0)
            if code and wanted.get("containerName") in (None, status.get("name")) and _fits(code, wanted):
                return f"Container {status.get('name')} for pod {name} failed with exit code {code}"
        return ""
    for condition in get_path(pod, "status", "conditions", default=()):
        for pattern in rule.get("onPodConditions") or ():
            if condition.get("type") == pattern.get("type") and condition.get("status") == pattern.get("status"):
                return f"Pod {name} has condition {condition.get('type')}"
    return ""


def _statuses(pod: Object) -> Iterable[Object]:
    yield from get_path(pod, "status", "containerStatuses", default=())
    yield from get_path(pod, "status", "initContainerStatuses", default=())


def _fits(code: int, wanted: Object) -> bool:
    found = code in (wanted.get("values") or ())
    return found if wanted.get("operator") == "In" else wanted.get("operator") == "NotIn" and not found


def match_success(job: Object, succeeded: Indexes) -> str:
    """The message of the first successPolicy rule that is met, "" where none is."""
    if not succeeded:
        return ""
    completions = job["spec"].get("completions") or 0
    for index, rule in enumerate(get_path(job, "spec", "successPolicy", "rules", default=())):
        if _is_met(rule, succeeded, completions):
            return f"Matched rules at index {index}"
    return ""


def _is_met(rule: Object, succeeded: Indexes, completions: int) -> bool:
    count = rule.get("succeededCount")
    if rule.get("succeededIndexes") is None:
        return count is not None and len(succeeded) >= count
    required = Indexes.parse(rule["succeededIndexes"], completions)
    if not required:
        return False
    common = required.common(succeeded)
    return common == len(required) or (count is not None and common >= count)
