"""Validation of StatefulSets. Source: upstream's ValidateStatefulSet (meaning, order, words)."""

from __future__ import annotations

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import names
from sampan_machinery.equality import same
from sampan_machinery.metadata import get_path, labels_of
from sampan_machinery.problems import forbidden, invalid, required, unsupported_in_order
from sampan_machinery.selectors import from_object
from sampan_machinery.validation import (
    by_rule,
    validate_annotations,
    validate_int_or_percent,
    validate_label_selector,
    validate_labels,
    validate_non_negative,
    validate_percent_at_most_100,
)
from sampan_podspec.statuses import validate_counts
from sampan_podspec.validation import pod_template
from sampan_podspec.validation.annotations import pod_annotations
from sampan_podspec.validation.claims import claim_spec

_POLICIES = ("OrderedReady", "Parallel")
_STRATEGY = "spec.updateStrategy"
_COUNTS = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
_CHANGEABLE = (
    "replicas", "template", "updateStrategy", "minReadySeconds", "ordinals", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
)  # fmt: skip
_FROZEN = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


def validate(new: Object, old: Object | None) -> list[Problem]:
    spec = new.get("spec") or {}
    found = [*_policy(spec), *_strategy(spec.get("updateStrategy") or {}), *_retention(spec)]
    if old is None:
        for index, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
            found += claim_spec(f"spec.volumeClaimTemplates[{index}].spec", claim.get("spec") or {})
    found += validate_non_negative("spec.replicas", spec.get("replicas"))
    found += validate_non_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    found += validate_non_negative("spec.ordinals.start", get_path(spec, "ordinals", "start"))
    if old is None and spec.get("serviceName"):
        found += by_rule("spec.serviceName", spec["serviceName"], names.dns_label)
    found += _selected(spec)
    if old is not None:
        found += _frozen(spec, old.get("spec") or {})
        found += validate_counts(new, old, _COUNTS, within=_COUNTS[1:], ready="status.readyReplicas")
    return found


def _policy(spec: Object) -> list[Problem]:
    policy, path = spec.get("podManagementPolicy"), "spec.podManagementPolicy"
    if not policy:
        return [required(path)]
    return [] if policy in _POLICIES else [invalid(path, policy, "must be 'OrderedReady' or 'Parallel'")]


def _strategy(strategy: Object) -> list[Problem]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if not kind:
        return [required(_STRATEGY)]
    if kind == "OnDelete":
        detail = "only allowed for updateStrategy 'RollingUpdate'"
        return [invalid(f"{_STRATEGY}.rollingUpdate", rolling, detail)] if rolling is not None else []
    if kind != "RollingUpdate":
        return [invalid(_STRATEGY, strategy, "must be 'RollingUpdate' or 'OnDelete'")]
    return _rolling(rolling or {})


def _rolling(rolling: Object) -> list[Problem]:
    found = validate_non_negative(f"{_STRATEGY}.rollingUpdate.partition", rolling.get("partition"))
    unavailable, path = rolling.get("maxUnavailable"), f"{_STRATEGY}.rollingUpdate.maxUnavailable"
    if unavailable is not None:
        found += validate_int_or_percent(path, unavailable)
        if str(unavailable).removesuffix("%").lstrip("0") == "":
            found.append(invalid(path, unavailable, "cannot be 0"))
        found += validate_percent_at_most_100(path, unavailable)
    return found


def _retention(spec: Object) -> list[Problem]:
    policy = spec.get("persistentVolumeClaimRetentionPolicy")
    if policy is None:
        return []
    allowed = ("Retain", "Delete")
    return [
        unsupported_in_order(f"spec.persistentVolumeClaimRetentionPolicy.{when}", policy.get(when) or "", allowed)
        for when in ("whenDeleted", "whenScaled")
        if policy.get(when) not in allowed
    ]


def _selected(spec: Object) -> list[Problem]:
    """The selector, and the template that it has to match."""
    selector, template = spec.get("selector"), spec.get("template") or {}
    found: list[Problem] = []
    if selector is None:
        found.append(required("spec.selector"))
    else:
        bad = validate_label_selector("spec.selector", selector)
        found += bad
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            found.append(invalid("spec.selector", selector, "empty selector is invalid for statefulset"))
        elif bad:
            return [*found, invalid("spec.selector", selector, "")]
        elif not from_object(selector).matches(labels_of(template)):
            detail = "`selector` does not match template `labels`"
            found.append(invalid("spec.template.metadata.labels", labels_of(template) or None, detail))
    path = "spec.template"
    found += pod_template(_as_made(spec, template), path, restart_policies=("Always",))
    annotations = get_path(template, "metadata", "annotations", default={})
    found += validate_labels(labels_of(template), f"{path}.labels")  # told twice, as upstream
    found += validate_annotations(annotations, f"{path}.annotations")
    found += pod_annotations(annotations, template.get("spec") or {}, f"{path}.annotations")
    if get_path(template, "spec", "activeDeadlineSeconds") is not None:
        detail = "activeDeadlineSeconds in StatefulSet is not Supported"
        found.append(forbidden(f"{path}.spec.activeDeadlineSeconds", detail))
    return found


def _as_made(spec: Object, template: Object) -> Object:
    """The template with what its pods get: the volumes of their claims, and no name of its own."""
    pod = {key: value for key, value in (template.get("spec") or {}).items() if key not in ("hostname", "subdomain")}
    claims = [get_path(claim, "metadata", "name", default="") for claim in spec.get("volumeClaimTemplates") or ()]
    if claims:
        own = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in dict.fromkeys(claims)]
        pod["volumes"] = own + [volume for volume in pod.get("volumes") or () if volume.get("name") not in claims]
    return {**template, "spec": pod}


def _frozen(spec: Object, before: Object) -> list[Problem]:
    left, right = ({key: value for key, value in each.items() if key not in _CHANGEABLE} for each in (spec, before))
    return [] if same(left, right) else [forbidden("spec", _FROZEN)]
