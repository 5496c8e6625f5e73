"""Validation of a JobSpec: of a Job, or of a CronJob's template."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sampan.contracts.kinds import Object, Problem
from sampan_batch.validation.policies import validate_failure_policy, validate_success_policy
from sampan_machinery import names
from sampan_machinery.problems import invalid, required, too_long, unsupported, unsupported_in_order
from sampan_machinery.validation import validate_non_negative
from sampan_podspec.validation import pod_template

_MOST = 100_000  # indexes at once, failed indexes; completions up to which the next two do not count
_MOST_PARALLEL = 10_000
_MOST_FAILED = 10_000
_LONGEST_MANAGER = 63
_NUMBERS = (
    "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
    "backoffLimitPerIndex", "maxFailedIndexes",
)  # fmt: skip
_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
_is_path = re.compile(_PATH, re.ASCII).fullmatch
_MODES = ("NonIndexed", "Indexed")
_POLICIES = ("OnFailure", "Never")


def validate_job_spec(spec: Object, path: str) -> Iterator[Problem]:
    for name in _NUMBERS:
        yield from validate_non_negative(f"{path}.{name}", spec.get(name))
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        yield required(f"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified")
    if spec.get("managedBy") is not None:
        yield from _validate_manager(f"{path}.managedBy", spec["managedBy"])
    mode = spec.get("completionMode")
    if mode not in (None, *_MODES):
        yield unsupported_in_order(f"{path}.completionMode", mode, _MODES)
    if mode == "Indexed":
        yield from _validate_indexed(spec, path)
    elif mode in (None, "NonIndexed"):
        for name in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if spec.get(name) is not None:
                yield invalid(f"{path}.{name}", spec[name], "requires indexed completion mode")
    if spec.get("podFailurePolicy") is not None:
        yield from validate_failure_policy(spec, f"{path}.podFailurePolicy")
    if spec.get("successPolicy") is not None:
        if mode == "Indexed":
            yield from validate_success_policy(spec, f"{path}.successPolicy")
        else:
            yield invalid(f"{path}.successPolicy", spec["successPolicy"], "requires indexed completion mode")
    yield from _validate_replacement(spec, f"{path}.podReplacementPolicy")
    template = spec.get("template") or {}
    yield from pod_template(template, f"{path}.template", restart_policies=("Always", *_POLICIES))
    yield from _validate_restarts(spec, f"{path}.template.spec.restartPolicy")


def _validate_manager(path: str, name: str) -> Iterator[Problem]:
    """A domain, a slash and a path."""
    domain, slash, rest = name.partition("/")
    if not name:
        yield required(path)
    elif not slash or not domain or not rest:
        yield invalid(path, name, 'must be a domain-prefixed path (such as "acme.io/foo")')
    else:
        for complaint in names.dns_subdomain(domain):
            yield invalid(path, domain, complaint)
        if not _is_path(rest):
            yield invalid(path, rest, f"Invalid path (regex used for validation is '{_PATH}')")
    if len(name) > _LONGEST_MANAGER:
        yield too_long(path, _LONGEST_MANAGER)


def _validate_indexed(spec: Object, path: str) -> Iterator[Problem]:
    completions, parallelism = spec.get("completions"), spec.get("parallelism") or 0
    failures = spec.get("maxFailedIndexes")
    if completions is None:
        yield required(f"{path}.completions", "when completion mode is Indexed")
    if parallelism > _MOST:
        detail = f"must be less than or equal to {_MOST} when completion mode is Indexed"
        yield invalid(f"{path}.parallelism", parallelism, detail)
    if completions is not None and failures is not None and failures > completions:
        yield invalid(f"{path}.maxFailedIndexes", failures, "must be less than or equal to completions")
    if failures is not None and failures > _MOST:
        yield invalid(f"{path}.maxFailedIndexes", failures, f"must be less than or equal to {_MOST}")
    if completions is None or completions <= _MOST or spec.get("backoffLimitPerIndex") is None:
        return
    above = f"when completions are above {_MOST} and used with backoff limit per index"
    if failures is None:
        yield required(f"{path}.maxFailedIndexes", f"must be specified when completions is above {_MOST}")
    if parallelism > _MOST_PARALLEL:
        yield invalid(f"{path}.parallelism", parallelism, f"must be less than or equal to {_MOST_PARALLEL} {above}")
    if failures is not None and failures > _MOST_FAILED:
        yield invalid(f"{path}.maxFailedIndexes", failures, f"must be less than or equal to {_MOST_FAILED} {above}")


def _validate_replacement(spec: Object, path: str) -> Iterator[Problem]:
    policy = spec.get("podReplacementPolicy")
    allowed = ("Failed", "TerminatingOrFailed") if spec.get("podFailurePolicy") is None else ("Failed",)
    if policy is not None and policy not in allowed:
        yield unsupported(path, policy, allowed)


def _validate_restarts(spec: Object, path: str) -> Iterator[Problem]:
    policy = ((spec.get("template") or {}).get("spec") or {}).get("restartPolicy")
    if policy in (None, "", "Always"):
        yield required(path, 'valid values: "OnFailure", "Never"')
    elif policy not in _POLICIES:
        yield unsupported(path, policy, _POLICIES)
    elif spec.get("podFailurePolicy") is not None and policy != "Never":
        yield invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')
