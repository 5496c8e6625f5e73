"""The pods of a workload in its members, and what they use. What members answer is data: bounded, never believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Resource
from sampan.errors import InternalError, NotFound, StatusError
from sampan_client import Client
from sampan_federation.members.probing import listed
from sampan_federation.members.registry import Members
from sampan_federation.scaling.proposing import MetricUnavailable, Sample, sample_of
from sampan_machinery.resources import PODS

POD_METRICS = Resource("metrics.k8s.io", "v1beta1", "pods", "PodMetrics")


def samples_of(members: Members, clusters: Iterable[str], namespace: str, selector: str) -> list[Sample]:
    """Of all clusters together. Raises MetricUnavailable for a cluster that cannot be asked: with a part of the pods
    unknown, a workload would be scaled by chance."""
    found: list[Sample] = []
    for cluster in clusters:
        try:
            found += _of_member(members.client(cluster), namespace, selector)
        except NotFound as error:
            raise MetricUnavailable(f"the cluster {cluster} does not serve metrics.k8s.io") from error
        except (StatusError, ConnectionError) as error:
            raise MetricUnavailable(f"the cluster {cluster} cannot be asked: {error}"[:500]) from error
    return found


def _of_member(client: Client, namespace: str, selector: str) -> Iterator[Sample]:
    query = {"labelSelector": selector}
    metrics = {_name(each): each for each in listed(client, POD_METRICS, query, namespace)}
    for pod in listed(client, PODS, query, namespace):
        sample = sample_of(pod, metrics.get(_name(pod)))
        if sample is not None:
            yield sample


def _name(obj: Mapping[str, Any]) -> str:
    metadata = obj.get("metadata")
    if not isinstance(metadata, Mapping):
        raise InternalError("the member's answer has an object without metadata")
    return str(metadata.get("name"))
