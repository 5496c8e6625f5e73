"""Where measurements come from: metrics.k8s.io, custom.metrics.k8s.io, external.metrics.k8s.io, over the API.

Reads answers by their wire format, independent of the server. Source: k8s.io/metrics v1beta1, custom_metrics v1beta2,
external_metrics v1beta1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Protocol

from sampan.contracts.kinds import Object
from sampan.errors import SampanError
from sampan_autoscaling.proportions import Sample, Unmeasured
from sampan_client import Client
from sampan_machinery import quantities, selectors
from sampan_machinery.metadata import parse_time

_RESOURCES = "/apis/metrics.k8s.io/v1beta1"
_CUSTOM = "/apis/custom.metrics.k8s.io/v1beta2"
_EXTERNAL = "/apis/external.metrics.k8s.io/v1beta1"


class Source(Protocol):
    """Asked by the pure part; every method raises Unmeasured where there is no answer."""

    def resource(self, namespace: str, selector: str, resource: str, container: str = "") -> Mapping[str, Sample]: ...

    def pods(self, namespace: str, selector: str, metric: Object) -> Mapping[str, Sample]: ...

    def object(self, namespace: str, about: Object, metric: Object) -> int:
        """Thousandths."""

    def external(self, namespace: str, metric: Object) -> int:
        """Thousandths, of all series together."""


class ApiSource:
    """``plural(reference)`` finds the ``plural.group`` of what an Object metric is about."""

    def __init__(self, client: Client, plural: Any) -> None:
        self._client = client
        self._plural = plural

    def resource(self, namespace: str, selector: str, resource: str, container: str = "") -> dict[str, Sample]:
        items = self._items(
            f"{_RESOURCES}/namespaces/{namespace}/pods",
            {"labelSelector": selector},
            "unable to fetch metrics from resource metrics API",
        )
        if not items:
            raise Unmeasured("no metrics returned from resource metrics API")
        return pod_samples(items, namespace, resource, container)

    def pods(self, namespace: str, selector: str, metric: Object) -> dict[str, Sample]:
        name = metric["name"]
        items = self._items(
            f"{_CUSTOM}/namespaces/{namespace}/pods/*/{name}",
            {"labelSelector": selector, **_narrowed("metricLabelSelector", metric)},
            "unable to fetch metrics from custom metrics API",
        )
        if not items:
            raise Unmeasured("no metrics returned from custom metrics API")
        return {
            str((item.get("describedObject") or {}).get("name", "")): Sample(
                _milli(item.get("value")), _time(item.get("timestamp")), float(item.get("windowSeconds") or 60)
            )
            for item in items
        }

    def object(self, namespace: str, about: Object, metric: Object) -> int:
        name, plural = metric["name"], self._plural(about)
        place = (
            f"namespaces/{about['name']}/metrics" if plural == "namespaces"
            else f"namespaces/{namespace}/{plural}/{about['name']}"
        )  # fmt: skip
        items = self._items(
            f"{_CUSTOM}/{place}/{name}",
            _narrowed("metricLabelSelector", metric),
            f"unable to get metric {name}",
        )
        if not items:
            raise Unmeasured(f"unable to get metric {name}: no metrics returned from custom metrics API")
        return _milli(items[0].get("value"))

    def external(self, namespace: str, metric: Object) -> int:
        items = self._items(
            f"{_EXTERNAL}/namespaces/{namespace}/{metric['name']}",
            _narrowed("labelSelector", metric),
            "unable to fetch metrics from external metrics API",
        )
        if not items:
            raise Unmeasured("no metrics returned from external metrics API")
        return sum(_milli(item.get("value")) for item in items)

    def _items(self, path: str, query: dict[str, str], failing: str) -> list[Object]:
        try:
            body = json.loads(self._client.request("GET", path, query={k: v for k, v in query.items() if v}).body)
            return [item for item in body.get("items") or () if isinstance(item, dict)]
        except (SampanError, OSError, ValueError, AttributeError, TypeError) as error:
            raise Unmeasured(f"{failing}: {error}") from error


def pod_samples(items: list[Object], namespace: str, resource: str, container: str = "") -> dict[str, Sample]:
    """From the items of a PodMetricsList; a pod of which a container has no figure is left out."""
    found = {}
    for item in items:
        name = str((item.get("metadata") or {}).get("name", ""))
        used = {each.get("name"): (each.get("usage") or {}).get(resource) for each in item.get("containers") or ()}
        if container:
            if container not in used:
                raise Unmeasured(f"container {container} not present in metrics for pod {namespace}/{name}")
            used = {container: used[container]}
        if None in used.values():
            continue
        value = sum(_milli(amount) for amount in used.values())
        found[name] = Sample(value, _time(item.get("timestamp")), _seconds(item.get("window")))
    return found


def _milli(amount: Any) -> int:
    try:
        return quantities.milli(amount if amount is not None else "")
    except SampanError as error:
        raise Unmeasured(f"the metrics API answered {amount!r}, which is no quantity") from error


def _time(text: Any) -> float:
    try:
        return parse_time(text) if isinstance(text, str) else 0.0
    except SampanError:
        return 0.0


_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]*)?)(ns|us|µs|ms|h|m|s)")


def _seconds(text: Any) -> float:
    """A duration as Go writes it: 1m0s, 15.04s, 500ms. What is not one counts as none."""
    parts = _DURATION.findall(text) if isinstance(text, str) else ()
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _narrowed(name: str, metric: Object) -> dict[str, str]:
    selector = metric.get("selector")
    return {name: str(selectors.from_object(selector))} if selector is not None else {}
