"""A member in pull mode: a host that has no way to it, and its agent with the rights that `register` gives."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import pytest
from fleets import EVICTED, FAILED, LIGHT, UNHURRIED, Link, fleet_of

from sampan.errors import Forbidden, NotFound
from sampan_client import Client
from sampan_federation.agent.agent import connecting, makers, scopes
from sampan_federation.agent.registering import agent_name, deregister, host_objects
from sampan_federation.component import Federation
from sampan_federation.members.joining import ensure
from sampan_federation.names import CLUSTER_NAMESPACE
from sampan_federation.plugin import contribute_components
from sampan_federation.resources import CLUSTERS, PROPAGATION_POLICIES, WORKS
from sampan_machinery.metadata import get_condition
from sampan_machinery.resources import CONFIG_MAPS, NAMESPACES, SECRETS
from sampan_testing.cluster import running_of, start

CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a", "namespace": "default"},
    "data": {"a": "1"},
}
POLICY = {
    "apiVersion": PROPAGATION_POLICIES.api_version,
    "kind": "PropagationPolicy",
    "metadata": {"name": "a", "namespace": "default"},
    "spec": {
        "resourceSelectors": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "a"}],
        "placement": {"clusterAffinity": {"clusterNames": ["nat"]}},
    },
}

SLOWLY = 300  # seconds at the most: each look lets time pass in every cluster


class Pulled:
    def __init__(self, fleet, member, agent: Client, link: Link) -> None:
        self.fleet, self.member, self.agent, self.link = fleet, member, agent, link

    @property
    def ready(self) -> str:
        cluster = self.fleet.client.get(CLUSTERS, "nat")
        return (get_condition(cluster.get("status") or {}, "Ready") or {}).get("status", "")


@pytest.fixture
def pulled():
    with fleet_of({}) as fleet, start(travel=True, nodes=1, only=LIGHT) as member:
        fleet.members["nat"] = member  # its clock and engine go along
        for resource, obj in host_objects("nat"):
            ensure(fleet.client, resource, obj)
        cluster = {"apiVersion": CLUSTERS.api_version, "kind": "Cluster", "metadata": {"name": "nat"}}
        fleet.client.create(CLUSTERS, {**cluster, "spec": {"syncMode": "Pull"}})
        agent = fleet.host.client_as(
            f"system:serviceaccount:{CLUSTER_NAMESPACE}:{agent_name('nat')}", "system:serviceaccounts"
        )
        link = Link(agent.transport)
        link.ended = agent.hub.mark
        agent.transport = link
        [component] = contribute_components()
        local = connecting(lambda: member.client_as("admin", "system:masters"))
        with tempfile.TemporaryDirectory(prefix="sampan-agent-") as home:
            running = running_of(fleet.host, component, Path(home), agent)
            running = dataclasses.replace(running, settings=UNHURRIED)
            clock = fleet.host.clock.time
            fleet.host.engine.add(
                "agent",
                lambda: Federation(
                    running, clock=clock, ticks=clock, connect=local,
                    makers=makers("nat", lambda token: None), scopes=scopes("nat"), threaded=False,
                ),
            )  # fmt: skip
            fleet.advance(25)
            yield Pulled(fleet, member, agent, link)


def test_an_agent_applies_reports_falls_silent_and_comes_back(pulled):
    fleet, member = pulled.fleet, pulled.member
    fleet.until(lambda: pulled.ready == "True")
    assert fleet.client.get(CLUSTERS, "nat")["status"]["nodeSummary"] == {"totalNum": 1, "readyNum": 1}

    fleet.client.create(CONFIG_MAPS, CONFIG)
    fleet.client.create(PROPAGATION_POLICIES, POLICY)
    fleet.until(lambda: fleet.settle() or data(member) == {"a": "1"}, SLOWLY)
    fleet.until(lambda: fleet.settle() or applied(fleet) == ["True"], SLOWLY)

    member.client.patch(CONFIG_MAPS, "a", {"data": {"a": "2"}}, "default")
    fleet.until(lambda: fleet.advance(1) or data(member) == {"a": "1"}, SLOWLY)

    pulled.link.set(cut=True)
    fleet.advance(FAILED)
    assert pulled.ready == "Unknown"
    fleet.advance(EVICTED)
    assert data(member) == {"a": "1"}  # there is no other place for it
    fleet.client.delete(CONFIG_MAPS, "a", "default")

    pulled.link.set(cut=False)
    fleet.until(lambda: fleet.advance(60) or (pulled.ready == "True" and data(member) is None), SLOWLY)
    assert fleet.client.list(WORKS, "karmada-es-nat").items == []


def test_a_member_leaves_though_its_agent_is_gone(pulled):
    fleet, member = pulled.fleet, pulled.member
    fleet.until(lambda: pulled.ready == "True")
    fleet.client.create(CONFIG_MAPS, CONFIG)
    fleet.client.create(PROPAGATION_POLICIES, POLICY)
    fleet.until(lambda: fleet.settle() or data(member) == {"a": "1"}, SLOWLY)
    pulled.link.set(cut=True)

    fleet.client.delete(CLUSTERS, "nat")

    fleet.until(lambda: fleet.advance(2) or gone(fleet), SLOWLY)
    assert data(member) == {"a": "1"}
    deregister(fleet.client, "nat")


def test_an_agent_sees_nothing_of_others(pulled):
    agent = pulled.agent

    for resource, namespace in ((SECRETS, CLUSTER_NAMESPACE), (WORKS, ""), (CLUSTERS, ""), (WORKS, "karmada-es-east")):
        with pytest.raises(Forbidden):
            agent.list(resource, namespace)
    with pytest.raises(Forbidden):
        agent.patch(CLUSTERS, "nat", {"spec": {"region": "x"}})
    with pytest.raises(Forbidden):
        agent.get(CLUSTERS, "east")
    assert agent.list(WORKS, "karmada-es-nat").items == []


def data(member):
    try:
        return member.client.get(CONFIG_MAPS, "a", "default")["data"]
    except NotFound:
        return None


def applied(fleet):
    works = fleet.client.list(WORKS, "karmada-es-nat").items
    return [(get_condition(work.get("status") or {}, "Applied") or {}).get("status") for work in works]


def gone(fleet) -> bool:
    try:
        fleet.client.get(CLUSTERS, "nat")
    except NotFound:
        return "karmada-es-nat" not in [each["metadata"]["name"] for each in fleet.client.list(NAMESPACES).items]
    return False
