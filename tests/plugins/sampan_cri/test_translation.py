import json

import pytest

from sampan_cri import translation
from sampan_cri.messages import MESSAGES
from sampan_cri.translation import CLUSTER, DEFAULT, HOME, IMAGE, LOCALHOST, NAME, UID, UNCONFINED
from sampan_grpc.wire import decode, encode
from sampan_runtime.contracts import ContainerSpec, Device, Mount, PortMapping, Resources, SandboxSpec


def sandbox(**spec):
    given = SandboxSpec(name="web", namespace="shop", uid="u", **spec)
    return translation.sandbox_config(given, cluster="c", home="/h", logs="/logs")


def container(**spec):
    given = ContainerSpec(**{"name": "main", "attempt": 1, "image": "busybox:1", **spec})
    return translation.container_config(given, sandbox(), log_path="main/1.log", seccomp="/profile", swap=True)


def test_a_sandbox_carries_what_finds_it_again():
    found = sandbox(attempt=2, annotations={"kubernetes.io/ingress-bandwidth": "1M"}, hostname="web")

    assert found["metadata"] == {"name": "web", "uid": "u", "namespace": "shop", "attempt": 2}
    assert (found["labels"][CLUSTER], found["labels"][UID], found["annotations"][HOME]) == ("c", "u", "/h")
    assert found["annotations"]["kubernetes.io/ingress-bandwidth"] == "1M"
    assert (found["hostname"], found["log_directory"], found["port_mappings"]) == ("web", "/logs", [])


def test_both_configs_are_messages():
    for name, value in (("SandboxConfig", sandbox()), ("ContainerConfig", container(env={"A": "b"}))):
        assert decode(MESSAGES, name, encode(MESSAGES, name, value))["metadata"]["name"] == value["metadata"]["name"]


@pytest.mark.parametrize(
    ("spec", "options"),
    [
        ({}, {"network": 0, "pid": 1, "ipc": 0}),
        ({"share_process_namespace": True}, {"network": 0, "pid": 0, "ipc": 0}),
        ({"host_network": True, "host_pid": True, "host_ipc": True}, {"network": 2, "pid": 2, "ipc": 2}),
    ],
)
def test_namespaces_are_the_pods_or_the_nodes(spec, options):
    assert sandbox(**spec)["linux"]["security_context"]["namespace_options"] == options


def test_a_pod_of_the_nodes_network_publishes_no_port_and_has_the_nodes_name():
    ports = [PortMapping(80, 8080, "UDP", "127.0.0.1")]

    assert sandbox(ports=ports)["port_mappings"] == [
        {"protocol": 1, "container_port": 80, "host_port": 8080, "host_ip": "127.0.0.1"}
    ]
    assert "port_mappings" not in sandbox(ports=ports, host_network=True)
    assert sandbox(hostname="x", host_network=True)["hostname"] == ""


def test_names_are_looked_up_as_the_host_does_unless_told():
    assert "dns_config" not in sandbox()
    assert sandbox(dns_servers=["10.0.0.10"], dns_searches=["x"])["dns_config"] == {
        "servers": ["10.0.0.10"], "searches": ["x"], "options": [],
    }  # fmt: skip


def test_a_container_has_the_pods_labels_and_its_own():
    found = container(command=["sh"], stdin=True)

    assert (found["labels"][UID], found["labels"][NAME], found["labels"][CLUSTER]) == ("u", "main", "c")
    assert found["annotations"] == {HOME: "/h", IMAGE: "busybox:1"}
    assert (found["log_path"], found["command"], found["stdin"]) == ("main/1.log", ["sh"], True)


def test_mounts_and_devices_are_translated():
    found = container(
        mounts=[Mount("/a", "/b", read_only=True, propagation="slave")], devices=[Device("/dev/x", "/dev/y", True)]
    )

    assert found["mounts"] == [{"container_path": "/b", "host_path": "/a", "readonly": True, "propagation": 1}]
    assert found["devices"] == [{"container_path": "/dev/y", "host_path": "/dev/x", "permissions": "r"}]


def test_users_and_groups_are_numbers():
    found = container(user="1000:2000", groups=[3])["linux"]["security_context"]

    assert (found["run_as_user"], found["run_as_group"]) == ({"value": 1000}, {"value": 2000})
    assert found["supplemental_groups"] == [3]
    assert "run_as_user" not in container()["linux"]["security_context"]
    assert container(user="0")["linux"]["security_context"]["run_as_user"] == {"value": 0}


def test_a_container_is_confined_unless_it_is_privileged():
    plain = container(allow_privilege_escalation=False)["linux"]["security_context"]
    privileged = container(privileged=True, allow_privilege_escalation=False)["linux"]["security_context"]

    assert "/proc/kcore" in plain["masked_paths"]
    assert "/proc/sys" in plain["readonly_paths"]
    assert plain["no_new_privs"]
    assert "masked_paths" not in privileged
    assert not privileged["no_new_privs"]


def test_profiles_are_the_default_none_or_a_file():
    assert translation.profile("", "/p") == {"profile_type": DEFAULT}
    assert translation.profile("unconfined", "/p") == {"profile_type": UNCONFINED}
    assert container(seccomp="{}")["linux"]["security_context"]["seccomp"] == {
        "profile_type": LOCALHOST, "localhost_ref": "/profile",
    }  # fmt: skip
    assert container()["linux"]["security_context"]["apparmor"] is None


def test_limits_are_shares_quota_and_bytes_without_swap():
    wanted = Resources(cpu_request=100, cpu_limit=200, memory_limit=1 << 20)

    assert translation.resources(wanted, swap=True) == {
        "cpu_shares": 102, "cpu_period": 100_000, "cpu_quota": 20_000, "memory_limit_in_bytes": 1 << 20,
        "memory_swap_limit_in_bytes": 1 << 20,
    }  # fmt: skip
    assert "memory_swap_limit_in_bytes" not in translation.resources(wanted, swap=False)
    assert "cpu_quota" not in translation.resources(Resources(), swap=True)


def test_what_applies_is_read_from_the_status_or_from_the_oci_specification():
    told = {"resources": {"linux": {"cpu_shares": 1, "cpu_quota": 2, "memory_limit_in_bytes": 3}}}
    found = {"cpu": {"shares": 102, "quota": 20_000, "period": 100_000}, "memory": {"limit": 9}}
    shown = {"info": json.dumps({"runtimeSpec": {"linux": {"resources": found}}})}

    assert translation.applied(told, {}) == (1, 2, 3)
    assert translation.applied({"resources": None}, shown) == (102, 20_000, 9)
    assert translation.applied({"resources": None}, {"info": "no JSON"}) is None


def status(**more):
    found = decode(MESSAGES, "ContainerStatus", b"")
    return {
        **found, "id": "id", "metadata": {"name": "main", "attempt": 1}, "labels": {UID: "u"},
        "created_at": 10**9, "started_at": 2 * 10**9, "finished_at": 3 * 10**9, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("found", "state", "code", "reason"),
    [
        ({"state": 1}, "running", 0, ""),
        ({"state": 2}, "exited", 0, "Completed"),
        ({"state": 2, "exit_code": 3}, "exited", 3, "Error"),
        ({"state": 2, "exit_code": 137, "reason": "OOMKilled"}, "exited", 137, "OOMKilled"),
        ({"state": 3}, "unknown", 0, ""),
    ],
)
def test_a_containers_end_is_told_when_it_has_ended(found, state, code, reason):
    seen = translation.container({"pod_sandbox_id": "s"}, status(**found), None)

    assert (seen.state, seen.exit_code, seen.reason) == (state, code, reason)
    assert (seen.pod_uid, seen.sandbox_id, seen.attempt, seen.created, seen.started) == ("u", "s", 1, 1.0, 2.0)
    assert seen.finished == (3.0 if state == "exited" else 0.0)


def test_no_container_ends_before_it_started():
    seen = translation.container({"pod_sandbox_id": "s"}, status(state=2, finished_at=2 * 10**9 - 1), None)

    assert (seen.started, seen.finished) == (2.0, 2.0)


def test_a_sandbox_of_the_nodes_network_has_no_address_of_its_own():
    found = decode(MESSAGES, "SandboxStatus", b"") | {
        "id": "s", "metadata": {"name": "web", "uid": "u", "namespace": "shop", "attempt": 0},
        "network": {"ip": "10.0.0.9"},
    }  # fmt: skip
    host = {"linux": {"namespaces": {"options": {"network": 2, "pid": 1, "ipc": 0}}}}

    assert (translation.sandbox(found).ip, translation.sandbox(found).ready) == ("10.0.0.9", True)
    assert translation.sandbox(found | host).ip == ""
    assert not translation.sandbox(found | {"state": 1}).ready


def test_the_path_of_a_network_namespace_is_found():
    spec = {"linux": {"namespaces": [{"type": "pid"}, {"type": "network", "path": "/run/netns/x"}]}}

    assert translation.network_namespace({"info": json.dumps({"runtimeSpec": spec})}) == "/run/netns/x"
    assert translation.network_namespace({}) == translation.network_namespace({"info": "[]"}) == ""


def test_an_image_is_called_by_its_digest_and_names_its_user():
    found = {"id": "sha256:1", "repo_tags": ["a:1"], "repo_digests": ["a@sha256:2"], "size": 9, "username": ""}

    assert translation.image({**found, "uid": {"value": 7}}).user == "7"
    assert translation.image({**found, "uid": None}).id == "a@sha256:2"
    assert translation.image({**found, "uid": None, "repo_digests": [], "username": "web"}).user == "web"


def test_usage_is_told_of_what_still_runs():
    cpu, memory = {"timestamp": 5 * 10**9, "usage_core_nano_seconds": {"value": 7}}, {"working_set_bytes": {"value": 8}}
    found = {"attributes": {"id": "x"}, "cpu": cpu, "memory": memory}

    assert translation.usage(found, 1.0) == translation.Usage("x", 7, 8, 5.0)
    assert translation.usage({**found, "memory": None}, 1.0) is None


def test_credentials_are_those_of_a_docker_config():
    given = {"username": "u", "password": "p", "auth": "", "serveraddress": "r", "email": "x"}

    assert translation.credentials(given) == {"username": "u", "password": "p"}
