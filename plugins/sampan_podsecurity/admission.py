"""The rules of Pod Security: pods are refused, pods and templates are warned of and told to the audit log, and labels
of namespaces are checked. Source: pod-security-admission (wording)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan.contracts.serving import Reader
from sampan_machinery import problems
from sampan_machinery.resources import NAMESPACES, PODS
from sampan_podsecurity.existing import warnings_of
from sampan_podsecurity.policy import PREFIX, PRIVILEGED, Policy, Standard, ignored, is_relaxed, policy_of
from sampan_podsecurity.standards import told, violations

PRIORITY = 800
#: Where a kind keeps its pod template.
TEMPLATES = {
    "replicationcontrollers": ("spec", "template"),
    "podtemplates": ("template",),
    "replicasets.apps": ("spec", "template"),
    "deployments.apps": ("spec", "template"),
    "statefulsets.apps": ("spec", "template"),
    "daemonsets.apps": ("spec", "template"),
    "jobs.batch": ("spec", "template"),
    "cronjobs.batch": ("spec", "jobTemplate", "spec", "template"),
}


@dataclass(frozen=True)
class Exemptions:
    """Whose pods are not looked at."""

    namespaces: Sequence[str] = ()
    users: Sequence[str] = ()
    runtime_classes: Sequence[str] = ()

    def reason(self, review: Review) -> str:
        if review.namespace in self.namespaces:
            return "namespace"
        return "user" if review.user.name in self.users else ""


class Policies:
    """The policy of each namespace, read again when a namespace has changed."""

    def __init__(self, defaults: Policy) -> None:
        self.defaults = defaults
        self._known: tuple[int, dict[str, tuple[Policy, str]]] = (-1, {})

    def of(self, reader: Reader, namespace: str) -> tuple[Policy, str]:
        """The policy, and what is wrong with the labels."""
        generation = reader.generation(NAMESPACES)  # before reading: what changes meanwhile is read again next time
        at, known = self._known
        if at != generation:
            known = {}
            self._known = (generation, known)
        if namespace not in known:
            labels = ((reader.get(NAMESPACES, namespace) or {}).get("metadata") or {}).get("labels")
            policy, wrong = policy_of(labels, self.defaults)
            known[namespace] = (policy, ", ".join(f"{each.path}: {each.message}" for each in wrong))
        return known[namespace]


class _Rule:
    """What the rules for pods and for templates share."""

    operations = frozenset({"CREATE", "UPDATE"})
    mutates = False
    priority = PRIORITY

    def __init__(self, policies: Policies, exemptions: Exemptions) -> None:
        self._policies, self._exemptions = policies, exemptions

    def _policy(self, review: Review) -> Policy | None:
        """The namespace's; None where the review is exempt."""
        if reason := self._exemptions.reason(review):
            _note(review, "exempt", reason)
            return None
        policy, wrong = self._policies.of(review.reader, review.namespace)
        if wrong:
            _note(review, "error", f"Failed to parse policy: {wrong}")
        return policy

    def _is_exempt(self, review: Review, spec: Object) -> bool:
        exempt = spec.get("runtimeClassName") in self._exemptions.runtime_classes
        if exempt:
            _note(review, "exempt", "runtimeClass")
        return exempt


class PodSecurity(_Rule):
    """Pods."""

    name = "PodSecurity"
    resources = frozenset({PODS.group_resource})
    subresources = frozenset({"", "ephemeralcontainers"})

    def admit(self, review: Review) -> None:
        policy, pod = self._policy(review), review.object
        if policy is None or pod is None:
            return
        if policy.allows_all:
            _note(review, "enforce-policy", f"{PRIVILEGED}:latest")
            return
        spec = pod.get("spec") or {}
        if (review.old is not None and not is_significant(pod, review.old)) or self._is_exempt(review, spec):
            return
        _note(review, "enforce-policy", str(policy.enforce))
        if found := violations(policy.enforce, pod["metadata"], spec):
            tell_audit(review, policy.audit, pod["metadata"], spec)
            raise review.forbidden(f'violates PodSecurity "{policy.enforce}": {told(found)}')
        tell(review, policy, pod["metadata"], spec)


class PodSecurityTemplates(_Rule):
    """Templates of pods: nothing is refused, for it is the pods that run."""

    name = "PodSecurityTemplates"
    resources = frozenset(TEMPLATES)
    subresources = frozenset({""})
    may_be_absent = True

    def admit(self, review: Review) -> None:
        policy = self._policy(review)
        if policy is None or policy.warn.level == policy.audit.level == PRIVILEGED:
            return
        template = template_of(review.kind.resource.group_resource, review.object or {})
        spec = template.get("spec") or {}
        if template and not self._is_exempt(review, spec):
            tell(review, policy, template.get("metadata") or {}, spec)


class PodSecurityLabels:
    """Labels of namespaces must be readable; those that were not, and do not change, may stay."""

    name = "PodSecurityLabels"
    operations = frozenset({"CREATE", "UPDATE"})
    resources = frozenset({NAMESPACES.group_resource})
    subresources = frozenset({""})
    mutates = False
    priority = PRIORITY

    def __init__(self, defaults: Policy, exemptions: Exemptions) -> None:
        self._defaults, self._exemptions = defaults, exemptions

    def admit(self, review: Review) -> None:
        labels = labels_of(review.object)
        policy, wrong = policy_of(labels, self._defaults)
        before = policy_of(labels_of(review.old), self._defaults)[1] if review.old is not None else []
        if wrong and wrong != before:
            raise problems.as_error(wrong, group="", kind="Namespace", name=review.name)
        is_new = review.old is None
        if review.name in self._exemptions.namespaces and (is_new or labels != labels_of(review.old)):
            text = ignored(review.name, policy, self._defaults, labels)
            review.warnings += [text] if text and text not in review.warnings else []


class PodSecurityOfExistingPods:
    """Warns of the pods that a stricter policy would refuse. On a thread of its own: there may be thousands."""

    name = "PodSecurityExistingPods"
    operations = frozenset({"UPDATE"})
    resources = frozenset({NAMESPACES.group_resource})
    subresources = frozenset({""})
    mutates = False
    blocking = True
    priority = PRIORITY

    def __init__(self, defaults: Policy, exemptions: Exemptions) -> None:
        self._defaults, self._exemptions = defaults, exemptions

    def admit(self, review: Review) -> None:
        new, old = (policy_of(labels_of(obj), self._defaults)[0].enforce for obj in (review.object, review.old))
        if is_relaxed(new, old) or review.name in self._exemptions.namespaces:
            return
        pods = review.reader.list(PODS, review.name)
        kept = [pod for pod in pods if pod["spec"].get("runtimeClassName") not in self._exemptions.runtime_classes]
        found = warnings_of(review.name, new, kept)
        review.warnings += [text for text in found if text not in review.warnings]


def labels_of(obj: Object | None) -> dict[str, str]:
    return ((obj or {}).get("metadata") or {}).get("labels") or {}


def template_of(group_resource: str, obj: Object) -> Object:
    found = obj
    for field in TEMPLATES[group_resource]:
        found = found.get(field) or {}
    return found


def is_significant(pod: Object, old: Object) -> bool:
    """Whether an update gives the pod another image or another container: nothing else that matters can change."""
    for field in ("containers", "initContainers"):
        new, before = ([each.get("image") for each in (obj["spec"].get(field) or ())] for obj in (pod, old))
        if new != before:
            return True
    known = {each.get("name"): each.get("image") for each in _ephemeral(old)}
    return any(
        each.get("name") not in known or known[each.get("name")] != each.get("image") for each in _ephemeral(pod)
    )


def _ephemeral(pod: Object) -> Sequence[Object]:
    return pod["spec"].get("ephemeralContainers") or ()


def tell(review: Review, policy: Policy, metadata: Object, spec: Object) -> None:
    """To the audit log and to the client."""
    tell_audit(review, policy.audit, metadata, spec)
    if found := violations(policy.warn, metadata, spec):
        text = f'would violate PodSecurity "{policy.warn}": {told(found)}'
        review.warnings += [text] if text not in review.warnings else []


def tell_audit(review: Review, standard: Standard, metadata: Object, spec: Object) -> None:
    if found := violations(standard, metadata, spec):
        _note(review, "audit-violations", f'would violate PodSecurity "{standard}": {told(found)}')


def _note(review: Review, key: str, value: str) -> None:
    review.audit_annotations[f"{PREFIX}{key}"] = value
