from __future__ import annotations

import click
import pytest

from sampan_federation.commands import changed_taints, find_binding, row_of
from sampan_federation.resources import RESOURCE_BINDINGS


def test_taints_are_written_as_kubectl_writes_them():
    one = changed_taints([], "maintenance=yes:NoSchedule")
    assert one == [{"key": "maintenance", "effect": "NoSchedule", "value": "yes"}]

    two = changed_taints(one, "maintenance:NoExecute")
    assert len(two) == 2
    assert changed_taints(two, "maintenance=no:NoSchedule")[1]["value"] == "no"
    assert changed_taints(two, "maintenance:NoExecute-") == one
    assert changed_taints(two, "maintenance-") == []


@pytest.mark.parametrize("word", ["", "a", "a=b", "a:Never", ":NoSchedule", "-"])
def test_what_is_no_taint_is_refused(word):
    with pytest.raises(click.UsageError, match="KEY"):
        changed_taints([], word)


def test_a_member_is_a_line():
    cluster = {
        "metadata": {"name": "east"},
        "spec": {"syncMode": "Push", "region": "r1", "zone": "z1", "taints": [{"key": "a", "effect": "NoSchedule"}]},
        "status": {
            "nodeSummary": {"totalNum": 3, "readyNum": 2},
            "conditions": [{"type": "Ready", "status": "Unknown"}],
        },
    }

    assert row_of(cluster) == ("east", "Push", "Unknown", "", "", "r1", "z1", "2/3", "a:NoSchedule")
    assert row_of({"metadata": {"name": "new"}})[0] == "new"


def test_a_binding_is_found_by_its_object(fleet):
    resource = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    binding = {
        "apiVersion": RESOURCE_BINDINGS.api_version, "kind": "ResourceBinding",
        "metadata": {"name": "web-deployment", "namespace": "default"}, "spec": {"resource": resource},
    }  # fmt: skip
    fleet.host.engine.stop()  # its object is not there: it would go
    fleet.client.create(RESOURCE_BINDINGS, binding)

    for what in ("deploy/web", "Deployment/web", "deployments.apps/web", "web-deployment"):
        assert find_binding(fleet.client, what, "default")["metadata"]["name"] == "web-deployment"
    with pytest.raises(click.ClickException, match="does a policy select"):
        find_binding(fleet.client, "deploy/other", "default")
