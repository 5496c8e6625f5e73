from __future__ import annotations

from sampan_federation.services import multicluster as rules

MCS = {
    "metadata": {"name": "web", "namespace": "shop", "uid": "u1"},
    "spec": {"types": ["CrossCluster"], "providerClusters": [{"name": "east"}], "consumerClusters": [{"name": "west"}]},
}
SERVICE = {
    "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop", "uid": "s1"},
    "spec": {"ports": [{"name": "http", "port": 80}, {"name": "admin", "port": 81}]},
}  # fmt: skip


def slice_(name="web-x", **labels):
    return {
        "metadata": {"name": name, "labels": labels}, "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.1.0.1"], "conditions": {"ready": True}}],
        "ports": [{"name": "http", "port": 8080}, {"name": "admin", "port": 8081}],
    }  # fmt: skip


def of(**spec):
    return {**MCS, "spec": {"types": ["CrossCluster"], **spec}}


def test_without_names_all_members_provide_and_consume():
    every = frozenset({"east", "west"})

    assert rules.clusters_of(of(), ["east", "west"]) == (every, every, ())
    assert rules.clusters_of(MCS, ["east", "west"]) == (frozenset({"east"}), frozenset({"west"}), ())
    assert rules.clusters_of(MCS, ["west"]) == (frozenset(), frozenset({"west"}), ("east",))


def test_only_the_type_cross_cluster_crosses():
    assert rules.is_crossing(MCS)
    assert not rules.is_crossing(of(types=["LoadBalancer"]))


def test_the_service_is_claimed_from_its_policy_and_released():
    marked = {
        **SERVICE,
        "metadata": {**SERVICE["metadata"], "annotations": {"propagationpolicy.karmada.io/name": "p", "mine": "x"}},
    }

    patch = rules.claim(MCS, marked)["metadata"]

    assert patch["labels"]["resourcetemplate.karmada.io/claimed-by"] == "MultiClusterService"
    assert patch["annotations"]["propagationpolicy.karmada.io/name"] is None
    claimed = {
        **SERVICE,
        "metadata": {
            **SERVICE["metadata"], "labels": patch["labels"],
            "annotations": {name: value for name, value in patch["annotations"].items() if value},
        },
    }  # fmt: skip
    assert rules.claim(MCS, claimed) is None
    released = rules.release(claimed)["metadata"]
    assert set(released["labels"].values()) | set(released["annotations"].values()) == {None}
    assert set(released["labels"]) == set(claimed["metadata"]["labels"])
    assert rules.release(SERVICE) is None


def test_the_binding_goes_to_providers_and_consumers_and_overwrites():
    clusters = rules.clusters_of(MCS, ["east", "west", "north"])
    binding = rules.binding_of(MCS, SERVICE, clusters)

    assert binding["metadata"]["name"] == "web-service"
    assert binding["metadata"]["labels"]["binding.karmada.io/managed-by"] == "MultiClusterService"
    assert binding["spec"]["placement"] == {"clusterAffinity": {"clusterNames": ["east", "west"]}}
    assert binding["spec"]["conflictResolution"] == "Overwrite"
    assert rules.updated(binding, binding) is None


def test_a_binding_of_a_policy_is_taken_over_and_what_others_say_stays():
    wanted = rules.binding_of(MCS, SERVICE, rules.clusters_of(MCS, ["east", "west"]))
    present = {
        **wanted,
        "metadata": {**wanted["metadata"], "labels": {"propagationpolicy.karmada.io/permanent-id": "p", "own": "x"}},
        "spec": {**wanted["spec"], "placement": {}, "clusters": [{"name": "east"}]},
    }

    made = rules.updated(present, wanted)

    assert made["spec"]["clusters"] == [{"name": "east"}] and made["spec"]["placement"] == wanted["spec"]["placement"]
    assert "propagationpolicy.karmada.io/permanent-id" not in made["metadata"]["labels"]
    assert made["metadata"]["labels"]["own"] == "x"


def test_slices_are_named_after_their_cluster_and_those_of_others_are_not_passed_on():
    found = rules.dispatched(
        MCS,
        [slice_(), slice_("west-web-y", **{"endpointslice.kubernetes.io/managed-by": rules.DISPATCHED_BY})],
        "east",
    )

    assert [each["metadata"]["name"] for each in found] == ["east-web-x"]
    assert found[0]["metadata"]["labels"] == {
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-dispatch-controller.karmada.io",
    }
    assert found[0]["metadata"]["annotations"] == {"endpointslice.karmada.io/provision-cluster": "east"}


def test_ports_that_are_not_named_are_filtered_out():
    assert rules.exposed_ports(MCS, SERVICE) is None
    assert rules.exposed_ports(of(ports=[{"port": 80}]), SERVICE) == {"http"}
    assert rules.exposed_ports(of(ports=[{"name": "other", "port": 80}]), SERVICE) == frozenset()

    [found] = rules.dispatched(MCS, [slice_()], "east", frozenset({"http"}))
    assert [port["port"] for port in found["ports"]] == [8080]
    assert rules.dispatched(MCS, [slice_()], "east", frozenset()) == []


def test_a_consumer_gets_the_slices_of_others_only():
    slices = {name: rules.dispatched(MCS, [slice_()], name) for name in ("east", "west")}

    works = rules.works_of(MCS, slices, ["west", "east"])

    assert [
        (work["metadata"]["namespace"], work["metadata"]["annotations"]["endpointslice.karmada.io/provision-cluster"])
        for work in works
    ] == [("karmada-es-east", "west"), ("karmada-es-west", "east")]
    assert works[0]["metadata"]["labels"]["multiclusterservice.karmada.io/name"] == "web"
    assert works[0]["metadata"]["labels"]["multiclusterservice.karmada.io/permanent-id"] == "u1"
