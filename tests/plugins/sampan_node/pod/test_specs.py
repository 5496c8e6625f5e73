import dataclasses

import pytest

from sampan.contracts.options import ClusterOptions
from sampan_node.pod.environment import ConfigProblem
from sampan_node.pod.specs import container_spec, hostname, hosts_file, resolver, resources, sandbox_spec
from sampan_runtime.contracts import PortMapping, Resources, RuntimeFailure

OPTIONS = ClusterOptions(dns_ip="10.96.0.10", cluster_domain="cluster.local")


def pod(**spec):
    return {"metadata": {"name": "web", "namespace": "shop", "uid": "u"}, "spec": {"containers": [], **spec}}


def made(container=None, *, image_user="", **spec):
    whole = {"name": "a", "image": "i", **(container or {})}
    return container_spec(pod(**spec), whole, 0, env={"PORT": "80"}, mounts=(), image_user=image_user)


def test_a_host_name_fits_a_label():
    assert hostname(pod()) == "web"
    assert hostname(pod(hostname="db")) == "db"
    long = {"metadata": {"name": "x" * 62 + "-abc"}, "spec": {}}
    assert hostname(long) == "x" * 62


def test_a_sandbox_has_the_host_ports_of_all_containers():
    ports = [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 81}]
    found = sandbox_spec(pod(containers=[{"name": "a", "ports": ports}], hostPID=True), 2, OPTIONS)

    assert (found.name, found.namespace, found.attempt, found.host_pid) == ("web", "shop", 2, True)
    assert list(found.ports) == [PortMapping(80, 8080)]


@pytest.mark.parametrize(
    ("spec", "servers"),
    [
        ({}, ["10.96.0.10"]),
        ({"dnsPolicy": "Default"}, []),
        ({"hostNetwork": True}, []),
        ({"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}, ["10.96.0.10"]),
        ({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["192.0.2.1"]}}, ["192.0.2.1"]),
    ],
)
def test_which_name_servers_a_pod_asks(spec, servers):
    assert resolver(pod(**spec), OPTIONS)[0] == servers


def test_the_pods_own_dns_configuration_is_added():
    config = {"searches": ["example.org"], "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}]}
    _, searches, options = resolver(pod(dnsConfig=config), OPTIONS)

    assert searches == ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.org"]
    assert options == ["ndots:2", "edns0"]
    assert resolver(pod(), dataclasses.replace(OPTIONS, dns_reachable=False)) == ([], [], [])


def test_the_hosts_file_names_the_pod_its_aliases_and_services_without_dns():
    service = {"metadata": {"name": "db", "namespace": "shop"}, "spec": {"clusterIP": "10.96.0.5"}}
    headless = {"metadata": {"name": "x", "namespace": "shop"}, "spec": {"clusterIP": "None"}}
    aliases = [{"ip": "192.0.2.9", "hostnames": ["one", "two"]}]
    text = hosts_file(pod(subdomain="sub", hostAliases=aliases), "10.0.0.1", OPTIONS, [service, headless])

    assert "10.0.0.1\tweb.sub.shop.svc.cluster.local\tweb\n" in text
    assert "192.0.2.9\tone\ttwo\n" in text
    assert "10.96.0.5\tdb.shop.svc.cluster.local\tdb.shop.svc\tdb.shop\tdb\n" in text
    assert "\tx." not in text


def test_references_in_the_command_are_expanded():
    found = made({"command": ["serve", "$(PORT)"], "args": ["$(UNKNOWN)", "$$(PORT)"]})

    assert (list(found.command), list(found.args)) == (["serve", "80"], ["$(UNKNOWN)", "$(PORT)"])


def test_the_containers_user_counts_before_the_pods():
    common = {"runAsUser": 1000, "runAsGroup": 2000, "fsGroup": 3000, "supplementalGroups": [4000]}

    assert made(securityContext=common).user == "1000:2000"
    assert made({"securityContext": {"runAsUser": 5}}, securityContext=common).user == "5:2000"
    assert list(made(securityContext=common).groups) == [4000, 3000]
    assert made().user == ""


@pytest.mark.parametrize(
    ("security", "image_user", "words"),
    [
        ({"runAsUser": 0}, "", "breaks non-root policy"),
        ({}, "", "image will run as root"),
        ({}, "root", "image will run as root"),
        ({}, "nginx", r"non-numeric user \(nginx\)"),
    ],
)
def test_root_is_refused_where_it_must_not_be(security, image_user, words):
    with pytest.raises(ConfigProblem, match=words):
        made({"securityContext": {"runAsNonRoot": True, **security}}, image_user=image_user)


def test_an_image_with_a_numeric_user_may_run():
    assert made({"securityContext": {"runAsNonRoot": True}}, image_user="101:101").user == ""


def test_amounts_are_millicores_and_bytes():
    wanted = {"requests": {"cpu": "250m"}, "limits": {"cpu": "1", "memory": "64Mi"}}

    assert resources(wanted) == Resources(cpu_request=250, cpu_limit=1000, memory_limit=64 << 20)
    assert resources({}) == Resources()


def test_a_pod_may_have_its_whole_name_as_its_host_name():
    wanted = pod(hostname="db", subdomain="data", setHostnameAsFQDN=True)

    assert sandbox_spec(wanted, 0, OPTIONS).hostname == "db.data.shop.svc.cluster.local"
    with pytest.raises(RuntimeFailure, match="is too long"):
        sandbox_spec(pod(hostname="d" * 40, subdomain="data", setHostnameAsFQDN=True), 0, OPTIONS)


def test_a_host_name_that_overrides_is_in_no_domain():
    wanted = pod(hostname="db", subdomain="data", setHostnameAsFQDN=True, hostnameOverride="other.example")

    assert sandbox_spec(wanted, 0, OPTIONS).hostname == "other.example"
    assert "10.0.0.9\tother.example\n" in hosts_file(wanted, "10.0.0.9", OPTIONS)


def test_strict_groups_are_promised_only_where_the_image_cannot_add_any():
    strict = {"supplementalGroupsPolicy": "Strict", "supplementalGroups": [7]}

    with pytest.raises(ConfigProblem, match="Strict"):
        made(securityContext={**strict, "runAsUser": 1})
    assert made(securityContext={**strict, "runAsUser": 1, "runAsGroup": 2}).groups == [7]


def test_a_sandbox_knows_the_pods_annotations_and_whether_a_container_is_privileged():
    plain = pod(initContainers=[{"name": "i"}])
    plain["metadata"]["annotations"] = {"kubernetes.io/ingress-bandwidth": "1M"}
    init = pod(initContainers=[{"name": "i", "securityContext": {"privileged": True}}])

    assert sandbox_spec(plain, 0, OPTIONS).annotations == {"kubernetes.io/ingress-bandwidth": "1M"}
    assert [sandbox_spec(one, 0, OPTIONS).privileged for one in (plain, init)] == [False, True]


def test_users_of_its_own_and_a_runtime_handler_are_asked_of_the_runtime():
    found = sandbox_spec(pod(hostUsers=False), 0, OPTIONS, handler="kata")

    assert (found.own_users, found.handler) == (True, "kata")
