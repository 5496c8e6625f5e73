import pytest

from sampan_docker import translation
from sampan_runtime.contracts import ContainerSpec, PortMapping, Resources, SandboxSpec


def sandbox_spec(**more):
    return SandboxSpec(**{"name": "web", "namespace": "shop", "uid": "1", "attempt": 0, **more})


def container_spec(**more):
    return ContainerSpec(**{"name": "main", "attempt": 0, "image": "nginx", **more})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-01T00:00:00Z", 1767225600.0),
        ("2026-01-01T00:00:00.5Z", 1767225600.5),
        ("2026-01-01T00:00:00.123456789+00:00", 1767225600.123456789),
        ("0001-01-01T00:00:00Z", 0.0),
        ("", 0.0),
    ],
)
def test_dockers_times_are_seconds(text, seconds):
    assert translation.seconds(text) == pytest.approx(seconds)


def test_a_log_lines_time_is_exact():
    assert translation.nanoseconds("2026-01-01T00:00:00.123456789Z") == 1767225600123456789
    assert translation.nanoseconds("2026-01-01T00:00:00Z") == 1767225600000000000
    with pytest.raises(ValueError):
        translation.nanoseconds("yesterday")


def test_a_sandbox_is_a_bare_container_with_the_pods_network():
    config = translation.sandbox_host_config(sandbox_spec(ports=(PortMapping(80, 8080, "TCP", "127.0.0.1"),)))

    assert (config["NetworkMode"], config["IpcMode"], config["ReadonlyRootfs"]) == ("bridge", "shareable", True)
    assert "DnsSearch" not in config and "PidMode" not in config


def test_the_hosts_namespaces_are_shared_where_the_pod_says_so():
    config = translation.sandbox_host_config(sandbox_spec(host_network=True, host_pid=True, host_ipc=True))

    assert (config["NetworkMode"], config["PidMode"], config["IpcMode"]) == ("host", "host", "host")
    assert config["PortBindings"] == {}


def test_a_container_joins_its_sandbox():
    config = translation.container_host_config(container_spec(), "box", host={"share_pid": True})

    assert config["NetworkMode"] == config["IpcMode"] == config["PidMode"] == "container:box"
    assert translation.container_host_config(container_spec(), "box", host={})["PidMode"] == ""
    assert translation.container_host_config(container_spec(), "box", host={"host_pid": True})["PidMode"] == "host"


@pytest.mark.parametrize(
    ("resources", "wanted"),
    [
        ({}, {"CpuShares": 2}),
        ({"cpu_request": 500}, {"CpuShares": 512}),
        ({"cpu_limit": 250}, {"CpuShares": 256, "CpuPeriod": 100_000, "CpuQuota": 25_000}),
        ({"cpu_limit": 1}, {"CpuShares": 2, "CpuPeriod": 100_000, "CpuQuota": 1000}),
        ({"memory_limit": 64 << 20}, {"CpuShares": 2, "Memory": 64 << 20, "MemorySwap": 64 << 20}),
    ],
)
def test_requests_and_limits_are_shares_and_quotas_and_never_swap(resources, wanted):
    assert translation.resources(Resources(**resources)) == wanted


def test_a_container_is_created_as_the_pod_says():
    body = translation.create_body(container_spec(command=("sh",), args=("-c", "x"), env={"A": "1"}), {"l": "v"}, {})

    assert (body["Entrypoint"], body["Cmd"], body["Env"], body["Labels"]) == (["sh"], ["-c", "x"], ["A=1"], {"l": "v"})
    assert body["Healthcheck"] == {"Test": ["NONE"]}
    bare = translation.create_body(container_spec(), {}, {})
    assert "Cmd" not in bare and "Entrypoint" not in bare
    assert translation.create_body(container_spec(command=("sh",)), {}, {})["Cmd"] == []  # not the image's


def test_labels_lead_back_from_a_container_to_its_pod():
    labels = translation.sandbox_labels(sandbox_spec(attempt=2), "cluster", "/home")
    found = {
        "Id": "box", "Config": {"Labels": labels}, "State": {"Running": True}, "Created": "2026-01-01T00:00:00Z",
        "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2"}}},
    }  # fmt: skip
    sandbox = translation.sandbox(found)

    assert (sandbox.id, sandbox.name, sandbox.namespace, sandbox.uid, sandbox.attempt) == ("box", "web", "shop", "1", 2)
    assert (sandbox.ready, sandbox.ip) == (True, "172.17.0.2")
    inner = translation.container_labels(container_spec(attempt=3), labels, "box")
    assert inner[translation.UID] == "1" and inner[translation.SANDBOX] == "box"


def test_what_was_applied_is_read_back_as_it_was_asked_for():
    wanted = Resources(250, 500, 64 << 20)

    assert translation.applied(translation.resources(wanted)) == wanted.kernel()
    assert translation.applied({}) == (0, 0, 0)


def test_profiles_and_the_runtime_are_the_daemons_options():
    spec = container_spec(seccomp='{"a": 1}', apparmor="web", allow_privilege_escalation=False)

    assert translation.security_options(spec) == ["no-new-privileges", 'seccomp={"a": 1}', "apparmor=web"]
    assert translation.sandbox_host_config(sandbox_spec(handler="kata"))["Runtime"] == "kata"
    assert "Runtime" not in translation.sandbox_host_config(sandbox_spec())


def test_processes_are_limited_where_the_node_says_so():
    assert translation.container_host_config(container_spec(pids_limit=50), "box", host={})["PidsLimit"] == 50
    assert translation.container_host_config(container_spec(), "box", host={})["PidsLimit"] is None
