"""Requests to subresources that take something else than the whole object, or a part of it: Hypothesis strategies.

Evictions, bindings, tokens, ephemeral containers, resizes, the end of a Namespace, scales.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import steps as ways
import values
from hypothesis import strategies as st
from sampling import NAMESPACE, Sample
from steps import Step

Strategy = st.SearchStrategy[Step]
#: Words that answer to no kind, or to that of another subresource.
_KINDS = ["", "", "", "Eviction", "Binding", "TokenRequest", "Foo"]
_IMAGES = ["busybox:1", "busybox:2", "", " "]


def of(sample: Sample) -> list[Callable[[Sample], Strategy]]:
    """What can be asked of an object of this kind beside its status."""
    return {
        "pods": [evict, bind, debug, debug, resize, resize],
        "serviceaccounts": [token, token],
        "namespaces": [finalize],
    }.get(sample.resource, [scale] if "scale" in sample.subresources else [])


@st.composite
def evict(draw: Any, sample: Sample) -> Step:
    body: dict[str, Any] = _typed(draw, "policy/v1", "Eviction")
    if draw(st.integers(0, 2)):
        body["metadata"] = {"name": draw(st.sampled_from(["@NAME@", "@NAME@", "other", ""]))}
    if draw(st.booleans()):
        body["deleteOptions"] = draw(st.sampled_from([
            {"gracePeriodSeconds": 0}, {"dryRun": ["All"]}, {"preconditions": {"uid": "x"}}, {"preconditions": {
                "uid": "@UID@", "resourceVersion": "@RV@"}}, {"propagationPolicy": "Foo"}, {"gracePeriodSeconds": -1},
        ]))  # fmt: skip
    return Step("create", "POST", f"{sample.path}/eviction", _dry(draw), "", ways.JSON, body)


@st.composite
def bind(draw: Any, sample: Sample) -> Step:
    body: dict[str, Any] = _typed(draw, "v1", "Binding")
    body["metadata"] = draw(st.sampled_from([
        {}, {"name": "@NAME@"}, {"name": "@NAME@"}, {"name": "@NAME@", "annotations": {"a": "b"}, "labels": {"c": "d"}},
        {"name": "@NAME@", "uid": "x"}, {"name": "@NAME@", "resourceVersion": "@OLD@"}, {"name": "other"},
    ]))  # fmt: skip
    node = {"kind": "Node", "name": "node-a"}
    body["target"] = draw(st.sampled_from([node, node, {"name": "node-a"}, {}, {**node, "kind": "Foo"}, None]))
    collection = f"/api/v1/namespaces/{NAMESPACE}/bindings"
    path = draw(st.sampled_from([f"{sample.path}/binding", f"{sample.path}/binding", collection]))
    return Step("create", "POST", path, _dry(draw), "", ways.JSON, body)


@st.composite
def token(draw: Any, sample: Sample) -> Step:
    spec: dict[str, Any] = {"audiences": draw(st.sampled_from([[], ["a"], ["a", "b"], [""]]))}
    if draw(st.booleans()):
        spec["expirationSeconds"] = draw(st.sampled_from([600, 3600, 599, 0, -1, 2**32, 2**33]))
    if draw(st.integers(0, 3)) == 0:
        kind = draw(st.sampled_from(["Pod", "Secret", "Node", "Foo"]))
        spec["boundObjectRef"] = {"kind": kind, "apiVersion": "v1", "name": "none", "uid": "x"}
    body = {**_typed(draw, "authentication.k8s.io/v1", "TokenRequest"), "spec": spec}
    if draw(st.integers(0, 3)) == 0:
        body["metadata"] = draw(st.sampled_from([{"name": "@NAME@"}, {"name": "x"}, {"namespace": "other"}]))
    return Step("create", "POST", f"{sample.path}/token", _dry(draw), "", ways.JSON, body)


@st.composite
def finalize(draw: Any, sample: Sample) -> Step:
    finalizers = draw(st.sampled_from([["kubernetes"], ["kubernetes", "example.com/x"], [], ["foo"], ["a b"]]))
    metadata = {"name": draw(st.sampled_from(["@NAME@", "@NAME@", "@NAME@", "other"]))}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata, "spec": {"finalizers": finalizers}}
    return Step("update", "PUT", f"{sample.path}/finalize", _dry(draw), "", ways.JSON, body)


@st.composite
def debug(draw: Any, sample: Sample) -> Step:
    """Ephemeral containers."""
    node = values.node_of("v1", "Pod").field("spec").field("ephemeralContainers")  # type: ignore[union-attr]
    containers: list[Any] = [{"name": "debug", "image": draw(st.sampled_from(_IMAGES))}]
    if draw(st.integers(0, 2)) == 0:
        containers += draw(st.lists(values.of(node.item(), ""), max_size=1))  # type: ignore[union-attr]
    if draw(st.integers(0, 3)) == 0:
        containers[0]["targetContainerName"] = draw(st.sampled_from(["main", "none"]))
    spec: dict[str, Any] = {"ephemeralContainers": containers}
    if draw(st.integers(0, 4)) == 0:
        spec["activeDeadlineSeconds"] = 5
    return draw(_part_of_a_pod(sample, "ephemeralcontainers", spec))  # type: ignore[no-any-return]


@st.composite
def resize(draw: Any, sample: Sample) -> Step:
    amounts = st.sampled_from([{}, {"cpu": "200m"}, {"cpu": "2", "memory": "256Mi"}, {"cpu": "-1"}, {"foo": "1"}])
    container: dict[str, Any] = {"name": draw(st.sampled_from(["main", "main", "main", "none"]))}
    container["resources"] = {"requests": draw(amounts), "limits": draw(amounts)}
    if draw(st.integers(0, 2)) == 0:
        policy = draw(st.sampled_from(["NotRequired", "RestartContainer", "Foo"]))
        container["resizePolicy"] = [{"resourceName": "cpu", "restartPolicy": policy}]
    if draw(st.integers(0, 4)) == 0:
        container["image"] = "busybox:9"
    return draw(_part_of_a_pod(sample, "resize", {"containers": [container]}))  # type: ignore[no-any-return]


@st.composite
def _part_of_a_pod(draw: Any, sample: Sample, sub: str, spec: dict[str, Any]) -> Step:
    path, how = f"{sample.path}/{sub}", draw(st.sampled_from([ways.STRATEGIC, ways.STRATEGIC, ways.MERGE, ways.APPLY]))
    metadata: dict[str, Any] = {"name": "@NAME@"}
    if draw(st.integers(0, 3)) == 0:
        metadata["labels"] = {"story": "@NAME@", "new": "1"}
    if how == ways.APPLY:
        query = {"fieldManager": draw(st.sampled_from(["me", "you"])), **_dry(draw)}
        if draw(st.booleans()):
            query["force"] = "true"
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        return Step("apply", "PATCH", path, query, "", how, body)
    return Step("patch", "PATCH", path, _dry(draw), "", how, {"metadata": metadata, "spec": spec})


@st.composite
def scale(draw: Any, sample: Sample) -> Step:
    """What stories.py does not do to a Scale: apply and strategic patches, and other forms of it."""
    path = f"{sample.path}/scale"
    pick = draw(st.integers(0, 3))
    if pick == 0:
        return Step("get", "GET", path, {}, draw(st.sampled_from([ways.TABLE, ways.PARTIAL, ways.PROTOBUF])))
    spec = draw(st.sampled_from([{"replicas": 3}, {"replicas": 0}, {"replicas": -1}, {}, {"replicas": "3"}]))
    if pick == 1:
        return Step("patch", "PATCH", path, _dry(draw), "", ways.STRATEGIC, {"spec": spec})
    query = {"fieldManager": draw(st.sampled_from(["me", "you"])), **_dry(draw)}
    if draw(st.booleans()):
        query["force"] = "true"
    body = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "@NAME@"}, "spec": spec}
    return Step("apply", "PATCH", path, query, "", ways.APPLY, body)


def _typed(draw: Any, api_version: str, kind: str) -> dict[str, Any]:
    """apiVersion and kind of a body: the right ones, none, or those of another."""
    pick = draw(st.sampled_from(_KINDS))
    if pick:
        return {"apiVersion": api_version, "kind": pick}
    return {} if draw(st.integers(0, 3)) == 0 else {"apiVersion": api_version, "kind": kind}


def _dry(draw: Any) -> dict[str, str]:
    found = {}
    if draw(st.integers(0, 4)) == 0:
        found["dryRun"] = draw(st.sampled_from(["All", "None"]))
    if draw(st.integers(0, 5)) == 0:
        found["fieldValidation"] = draw(st.sampled_from(["Strict", "Warn", "Ignore"]))
    return found
