from __future__ import annotations

import pytest
from contexts import one

from sampan_federation.interpreter.kinds import KindName
from sampan_federation.interpreter.rules import RuleFailed, Rules
from sampan_federation.resources import RESOURCE_BINDINGS, WORKS
from sampan_federation.status.controller import Statuses
from sampan_federation.works.names import BINDING_NAME, BINDING_NAMESPACE
from sampan_machinery.metadata import condition_is
from sampan_machinery.resources import CONFIG_MAPS

KEY = ("default", "a-configmap")
CONFIG = KindName("v1", "ConfigMap")


@pytest.fixture
def host():
    with one(Statuses) as found:
        found.api.create(CONFIG_MAPS, {"metadata": {"name": "a", "namespace": "default"}, "data": {}})
        reference = {"apiVersion": "v1", "kind": "ConfigMap", "namespace": "default", "name": "a"}
        spec = {"resource": reference, "clusters": [{"name": "east"}]}
        found.api.create(RESOURCE_BINDINGS, {"metadata": {"name": KEY[1], "namespace": KEY[0]}, "spec": spec})
        annotations = {BINDING_NAMESPACE: KEY[0], BINDING_NAME: KEY[1]}
        metadata = {"name": "a", "namespace": "karmada-es-east", "annotations": annotations}
        status = {"conditions": [{"type": "Applied", "status": "True"}], "manifestStatuses": [{"status": {"size": 3}}]}
        work = found.api.create(WORKS, {"metadata": metadata, "spec": {}})
        found.api.update(WORKS, {**work, "status": status}, "status")
        yield found


def test_the_binding_collects_what_its_works_report(host):
    host.handle(KEY)

    status = host.api.get(RESOURCE_BINDINGS, KEY[1], KEY[0])["status"]
    assert status["aggregatedStatus"][0]["status"] == {"size": 3}
    assert condition_is(status, "FullyApplied")
    assert KEY in host.keys


def test_the_hosts_object_shows_what_the_rule_says(host):
    host.context.interpreter.customize({CONFIG: Rules(aggregate=lambda obj, items: {"n": len(items)})})

    host.handle(KEY)

    assert host.api.get(CONFIG_MAPS, "a", "default")["status"] == {"n": 1}


def test_a_rule_that_fails_is_said_about_the_binding(host):
    def fails(obj, items):
        raise RuleFailed("no")

    host.context.interpreter.customize({CONFIG: Rules(aggregate=fails)})

    assert host.handle(KEY)
    assert host.events == [("AggregateStatusFailed", "no")]


def test_a_binding_that_is_gone_has_nothing_to_do(host):
    assert host.handle(("default", "nothing")) is None
