"""Objects under review in other versions: those that are served of one stored kind, also in another group."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sampan.contracts.kinds import Kind
from sampan.errors import BadRequest, NotFound
from sampan_memory.store import MemoryStore
from sampan_server.cache.cache import Cache
from sampan_server.registry import Registry
from sampan_server.write.versions import ServedVersions

STORED = Kind(group="autoscaling", version="v2", kind="HorizontalPodAutoscaler", plural="horizontalpodautoscalers")


def to_stored(obj: Any) -> Any:
    return {**obj, "apiVersion": "autoscaling/v2", "spec": {"maxReplicas": obj["spec"]["maxReplicas"] + 1}}


def from_stored(obj: Any) -> Any:
    return {**obj, "apiVersion": "autoscaling/v1", "spec": {"maxReplicas": obj["spec"]["maxReplicas"] - 1}}


OLD = replace(STORED, version="v1", stored_as=("autoscaling", "v2"), to_stored=to_stored, from_stored=from_stored)
OTHER = Kind(group="", version="v1", kind="ConfigMap", plural="configmaps")


@pytest.fixture
def versions() -> ServedVersions:
    registry = Registry()
    registry.add([("test", STORED), ("test", OLD), ("test", OTHER)], Cache(MemoryStore()))
    return ServedVersions(registry)


def test_all_versions_of_one_stored_kind_are_known_newest_first(versions: ServedVersions) -> None:
    assert versions.resources(STORED) == (STORED.resource, OLD.resource)
    assert versions.resources(OTHER) == (OTHER.resource,)


def test_an_object_goes_to_another_version_and_back(versions: ServedVersions) -> None:
    stored = {"apiVersion": "autoscaling/v2", "kind": STORED.kind, "metadata": {}, "spec": {"maxReplicas": 3}}

    shown = versions.shown(stored, OLD.resource)
    kept = versions.kept(shown, OLD.resource)

    assert (shown["apiVersion"], shown["spec"]) == ("autoscaling/v1", {"maxReplicas": 2})
    assert (kept["apiVersion"], kept["spec"]["maxReplicas"]) == ("autoscaling/v2", 3)


def test_a_change_in_another_version_comes_back_in_the_version_under_review(versions: ServedVersions) -> None:
    sent = {"apiVersion": "autoscaling/v2", "kind": STORED.kind, "metadata": {}, "spec": {"maxReplicas": 3}}

    assert versions.kept(sent, STORED.resource, OLD)["spec"]["maxReplicas"] == 2
    assert versions.kept(versions.shown(sent, OLD.resource), OLD.resource, OLD)["apiVersion"] == "autoscaling/v1"
    assert versions.kept(sent, STORED.resource, STORED)["spec"]["maxReplicas"] == 3


def test_what_comes_back_is_pruned_and_has_fitting_types(versions: ServedVersions) -> None:
    sent: dict[str, Any] = {"metadata": {}, "data": {"a": "b"}, "odd": 1}

    assert versions.kept(sent, OTHER.resource)["data"] == {"a": "b"}
    assert "odd" not in versions.kept(sent, OTHER.resource)
    with pytest.raises(BadRequest):
        versions.kept({"metadata": {}, "data": {"a": 1}}, OTHER.resource)


def test_a_version_that_is_gone_is_said_so(versions: ServedVersions) -> None:
    with pytest.raises(NotFound):
        versions.shown({}, STORED.resource._replace(version="v9"))


def test_a_kind_is_found_by_the_names_that_objects_have(versions: ServedVersions) -> None:
    assert versions.named("autoscaling/v1", "HorizontalPodAutoscaler") == OLD.resource
    assert versions.named("v1", "ConfigMap") == OTHER.resource
    assert versions.named("v1", "Nothing") is None


def test_an_apply_configuration_is_merged_by_the_types_of_the_version(versions: ServedVersions) -> None:
    obj: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}, "data": {"a": "b"}}

    assert versions.merged(obj, {"data": {"c": "d"}}, OTHER.resource)["data"] == {"a": "b", "c": "d"}
    with pytest.raises(BadRequest, match="field not declared in schema"):
        versions.merged(obj, {"odd": 1}, OTHER.resource)
