from __future__ import annotations

from sampan_federation.services import ingress as rules


def mci(name="shop", *services, **status):
    paths = [
        {"path": f"/{each}", "pathType": "Prefix", "backend": {"service": {"name": each, "port": {"number": 80}}}}
        for each in services
    ]
    return {
        "metadata": {
            "name": name, "namespace": "default", "uid": f"u-{name}", "labels": {"a": "b"},
            "annotations": {"mine": "x", "kubectl.kubernetes.io/last-applied-configuration": "{}"},
        },
        "spec": {"ingressClassName": "sampan", "rules": [{"host": "shop.example", "http": {"paths": paths}}]},
        "status": status,
    }  # fmt: skip


SERVICE = {
    "metadata": {"name": "web", "namespace": "default", "uid": "s"},
    "spec": {
        "selector": {"app": "web"}, "clusterIP": "10.0.0.1",
        "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
    },
}  # fmt: skip


def test_backends_are_those_of_rules_and_the_default_one():
    one = mci("shop", "web", "api", "web")
    one["spec"]["defaultBackend"] = {"service": {"name": "fallback", "port": {"number": 1}}}
    one["spec"]["rules"].append({"host": "no.paths"})

    assert rules.backends_of(one) == ["api", "fallback", "web"]
    assert rules.backends_of({"spec": {"defaultBackend": {"resource": {"kind": "A", "name": "b"}}}}) == []


def test_locations_are_where_services_are_placed():
    assert rules.locations(["api", "web"], {"web": ["west", "east"]}) == [
        {"name": "api"}, {"name": "web", "clusters": ["east", "west"]},
    ]  # fmt: skip


def test_a_cluster_whose_traffic_every_user_of_a_service_blocks_gets_none():
    blocking, other = mci("one", "web", trafficBlockClusters=["east"]), mci("two", "web")
    placed = {"web": ["east", "west"]}

    assert rules.sources(["web"], [blocking], placed) == {"web": ["west"]}
    assert rules.sources(["web"], [blocking, other], placed) == {"web": ["east", "west"]}


def test_the_hosts_ingress_sends_to_derived_services_that_are_there():
    made = rules.ingress_for(mci("shop", "web", "api"), ["web"])

    names = [path["backend"]["service"]["name"] for path in made["spec"]["rules"][0]["http"]["paths"]]
    assert names == ["derived-web", "api"]
    assert made["metadata"]["annotations"] == {"mine": "x"}
    assert made["metadata"]["ownerReferences"][0]["uid"] == "u-shop"
    assert rules.is_made(made)


def test_the_derived_service_has_ports_and_no_selector():
    made = rules.service_for(SERVICE, [mci("one"), mci("two")])

    assert made["metadata"]["name"] == "derived-web"
    assert made["spec"] == {"type": "ClusterIP", "ports": [{"name": "http", "port": 80}]}
    assert [each["name"] for each in made["metadata"]["ownerReferences"]] == ["one", "two"]


def test_slices_of_members_become_slices_of_the_derived_service():
    found = {
        "metadata": {"name": "web-x"}, "addressType": "IPv4", "ports": [{"name": "http", "port": 8080}],
        "endpoints": [{"addresses": ["10.1.0.1"]}, {"addresses": ["127.0.0.1"]}],
    }  # fmt: skip

    [made] = rules.slices_for(SERVICE, {"east": [found]}, [mci("one")])

    assert made["metadata"]["name"] == "ingress-east-web-x"
    assert made["metadata"]["labels"]["kubernetes.io/service-name"] == "derived-web"
    assert [each["addresses"] for each in made["endpoints"]] == [["10.1.0.1"]]
    assert rules.is_of(made, "web", "east") and not rules.is_of(made, "web", "west")


def test_what_the_server_fills_in_is_no_difference():
    made = rules.service_for(SERVICE, [mci("one")])
    port = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 80}
    present = {**made, "spec": {**made["spec"], "clusterIP": "10.0.0.9", "ports": [port]}}

    assert rules.changed(present, made) is None
    more = rules.service_for({**SERVICE, "spec": {"ports": [{"name": "http", "port": 81}]}}, [mci("one")])
    assert rules.changed(present, more)["spec"]["clusterIP"] == "10.0.0.9"
