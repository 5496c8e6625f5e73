"""The rule LimitRanger: containers get the namespace's defaults, and what is outside its limits is refused."""

from __future__ import annotations

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan.contracts.serving import Reader
from sampan_machinery.resources import LIMIT_RANGES, PERSISTENT_VOLUME_CLAIMS, PODS
from sampan_podspec.requests import qos_class
from sampan_quota import limits


class LimitRanges:
    """The LimitRanges of each namespace, read again when one has changed."""

    def __init__(self) -> None:
        self._known: tuple[int, dict[str, list[Object]]] = (-1, {})

    def of(self, reader: Reader, namespace: str) -> list[Object]:
        generation = reader.generation(LIMIT_RANGES)  # before reading: what changes meanwhile is read again next time
        known_at, ranges = self._known
        if known_at != generation:
            ranges = {}
            for each in sorted(reader.list(LIMIT_RANGES), key=lambda each: each["metadata"]["name"]):
                ranges.setdefault(each["metadata"]["namespace"], []).append(each)
            self._known = (generation, ranges)
        return ranges.get(namespace, [])


class LimitRangerDefaults:
    """Fills in requests and limits of a new pod's containers."""

    name = "LimitRangerDefaults"
    operations = frozenset({"CREATE"})
    resources = frozenset({PODS.group_resource})
    subresources = frozenset({""})
    mutates = True
    second_round = True
    priority = 150

    def __init__(self, ranges: LimitRanges) -> None:
        self._ranges = ranges

    def admit(self, review: Review) -> None:
        pod = review.object
        if pod is None:
            return
        filled = [limits.fill(each, pod) for each in self._ranges.of(review.reader, review.namespace)]
        if any(filled) and pod.get("status"):  # the kind worked its quality-of-service class out before admission
            pod["status"]["qosClass"] = qos_class(pod["spec"])


class LimitRanger:
    """Refuses pods and claims that are outside the limits. A pod's containers do not change but by a resize, so only
    new pods are looked at, and those that are resized."""

    name = "LimitRanger"
    operations = frozenset({"CREATE", "UPDATE"})
    resources = frozenset({PODS.group_resource, PERSISTENT_VOLUME_CLAIMS.group_resource})
    subresources = frozenset({"", "resize"})
    may_be_absent = True  # claims are for another plugin to serve
    mutates = False
    priority = 150

    def __init__(self, ranges: LimitRanges) -> None:
        self._ranges = ranges

    def admit(self, review: Review) -> None:
        is_pod = review.kind.plural == PODS.plural
        if review.object is None or (is_pod and review.operation == "UPDATE" and review.subresource != "resize"):
            return
        broken = limits.broken_by_pod if is_pod else limits.broken_by_claim
        for each in self._ranges.of(review.reader, review.namespace):
            if why := limits.joined(broken(each, review.object)):
                raise review.forbidden(why)
