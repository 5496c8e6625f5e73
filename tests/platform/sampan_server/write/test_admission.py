from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Kind
from sampan_server.write.admission import Admitters

PODS = Kind(group="", version="v1", kind="Pod", plural="pods")
DEPLOYMENTS = Kind(group="apps", version="v1", kind="Deployment", plural="deployments")


class Admitter:
    mutates, priority = False, 500

    def __init__(self, name: str, *operations: str, resources: Any = None) -> None:
        self.name, self.operations = name, frozenset(operations)
        if resources is not None:
            self.resources = resources

    def admit(self, review: Any) -> None:
        raise AssertionError("asked")


def test_an_admitter_is_asked_about_what_it_declares_and_in_its_order() -> None:
    found = Admitters([
        Admitter("all", "CREATE", "DELETE"),
        Admitter("pods", "CREATE", resources={"pods"}),
        Admitter("deployments", "CREATE", resources={"deployments.apps"}),
    ])  # fmt: skip

    def names(kind: Kind, operation: str) -> list[str]:
        return [each.name for each in found.of(kind, operation)]

    assert names(PODS, "CREATE") == ["all", "pods"]
    assert names(DEPLOYMENTS, "CREATE") == ["all", "deployments"]
    assert names(PODS, "DELETE") == ["all"]
    assert names(PODS, "CONNECT") == []
    assert found.of(PODS, "CREATE") is found.of(PODS, "CREATE")


def test_a_first_party_admitter_is_not_asked_about_other_resources(make: Any, shapes: Any) -> None:
    extra = shapes.Extra()
    extra.admitters = [Admitter("secrets", "CREATE", resources={"secrets"})]
    api = make(extra)

    assert api.post("/api/v1/namespaces/default/configmaps", shapes.config_map("a")).status_code == 201
