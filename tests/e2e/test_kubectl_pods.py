"""kubectl, unmodified, on running pods, with each runtime."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from clusters import Cluster, free_port, until

pytestmark = pytest.mark.kubectl

IDLE = "trap 'exit 0' TERM; while true; do sleep 0.1; done"


def running(cluster: Cluster, name: str, command: str = IDLE, **spec: object) -> None:
    cluster.apply(cluster.pod(name, command, **spec))
    cluster.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=120s")


def armed(cluster: Cluster, name: str, trap: str, **spec: object) -> None:
    """A running pod that has set its trap for SIGTERM: Running is said before its shell reads the first line."""
    running(cluster, name, f"trap {trap} TERM; echo armed; while true; do sleep 0.1; done", **spec)
    until(lambda: "armed" in cluster.kubectl("logs", name))


def ended(cluster: Cluster, name: str, command: str, **spec: object) -> dict:
    """The pod once it has run to its end."""
    cluster.apply(cluster.pod(name, command, **{"restartPolicy": "Never", **spec}))
    phase = until(lambda: (p := cluster.get("pod", name)["status"].get("phase")) in ("Succeeded", "Failed") and p)
    pod = cluster.get("pod", name)
    assert pod["status"]["phase"] == phase
    return pod


def test_a_pod_runs_and_says_so_truthfully(cluster, namespace):
    running(cluster, "web")

    line = cluster.kubectl("get", "pods", "-o", "wide").splitlines()[1].split()
    status = cluster.get("pod", "web")["status"]

    assert line[:4] == ["web", "1/1", "Running", "0"]
    assert line[5] == status["podIP"]
    assert {c["type"]: c["status"] for c in status["conditions"]}["Ready"] == "True"
    assert status["containerStatuses"][0]["state"]["running"]["startedAt"]
    described = cluster.kubectl("describe", "pod", "web")
    assert "Status:           Running" in described
    until(lambda: "Container started" in cluster.kubectl("describe", "pod", "web"), why="events are written later")


def test_logs_with_their_options(cluster, namespace):
    pod = ended(cluster, "talks", "for i in 1 2 3; do echo line $i; done; echo oops >&2")

    assert pod["status"]["phase"] == "Succeeded"
    assert sorted(cluster.kubectl("logs", "talks").splitlines()) == ["line 1", "line 2", "line 3", "oops"]
    assert len(cluster.kubectl("logs", "talks", "--tail=2").splitlines()) == 2
    assert cluster.kubectl("logs", "talks", "--limit-bytes=4") in ("line", "oops")  # two channels have no common order
    stamped = cluster.kubectl("logs", "talks", "--timestamps").splitlines()[0]
    assert stamped[:2] == "20" and "T" in stamped.split()[0]
    assert cluster.kubectl("logs", "talks", "--since=1h").count("line") == 3


def test_logs_follow_until_the_container_ends(cluster, namespace):
    script = "for i in 1 2 3; do echo tick $i; sleep 0.3; done"
    cluster.apply(cluster.pod("slow", script, restartPolicy="Never"))
    until(lambda: cluster.get("pod", "slow")["status"].get("phase") in ("Running", "Succeeded"))

    text = cluster.kubectl("logs", "-f", "slow")

    assert text.splitlines() == ["tick 1", "tick 2", "tick 3"]


def test_logs_of_the_previous_container(cluster, namespace):
    cluster.apply(cluster.pod("falls", "echo run; sleep 0.5; exit 3"))
    until(lambda: cluster.get("pod", "falls")["status"].get("containerStatuses", [{}])[0].get("restartCount", 0) >= 1)

    until(lambda: cluster.kubectl("logs", "falls", "--previous", check=False).strip() == "run")
    last = cluster.get("pod", "falls")["status"]["containerStatuses"][0]["lastState"]["terminated"]
    assert last["exitCode"] == 3 and last["reason"] == "Error"


def test_exec_passes_output_errors_input_and_exit_codes(cluster, namespace):
    running(cluster, "box")

    assert cluster.kubectl("exec", "box", "--", "echo", "hello") == "hello\n"
    assert cluster.kubectl("exec", "-i", "box", "--", "cat", input="to and fro\n") == "to and fro\n"
    failed = cluster.kubectl("exec", "box", "--", "sh", "-c", "echo bad >&2; exit 7", check=False)
    assert "bad" in failed and "exit code 7" in failed
    big = "x" * 300_000 + "\n"
    assert cluster.kubectl("exec", "-i", "box", "--", "cat", input=big) == big


def test_exec_ends_rightly_where_the_command_does_not_read_what_it_is_sent(cluster, namespace):
    running(cluster, "box")

    for _ in range(10):
        said = cluster.kubectl("exec", "-i", "box", "--", "sh", "-c", "exit 7", input="x" * 200_000, check=False)
        assert "exit code 7" in said


def test_exec_with_a_terminal(cluster, namespace):
    running(cluster, "box")
    outside, inside = pty.openpty()
    process = subprocess.Popen(
        [str(cluster.tools / "kubectl"), "exec", "-it", "box", "--", "sh"],
        env=cluster.env, stdin=inside, stdout=inside, stderr=inside, close_fds=True,
    )  # fmt: skip
    os.close(inside)
    seen = b""
    try:
        os.write(outside, b"test -t 0 && echo ter''minal; exit 5\n")
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if select.select([outside], [], [], 0.2)[0]:
                try:
                    seen += os.read(outside, 4096)
                except OSError:  # its other side is closed, and all has been read
                    break
        assert process.wait(90) == 5
    finally:
        process.kill()
        os.close(outside)
    assert b"terminal" in seen


def test_attach_shows_what_the_container_says(cluster, namespace):
    running(cluster, "says", "while true; do echo tick; sleep 0.2; done")
    attached = cluster.popen("attach", "says", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert attached.stdout.readline().strip() == "tick"
    finally:
        attached.terminate()
        attached.wait(90)
        attached.stdout.close()


def test_cp_to_and_from_a_pod(cluster, namespace, tmp_path):
    folder = {"name": "work", "mountPath": "/work"}
    running(cluster, "box", container={"volumeMounts": [folder]}, volumes=[{"name": "work", "emptyDir": {}}])
    (tmp_path / "there.txt").write_text("hello\n")

    cluster.kubectl("cp", str(tmp_path / "there.txt"), "box:/work/there.txt")
    assert cluster.kubectl("exec", "box", "--", "cat", "/work/there.txt") == "hello\n"
    cluster.kubectl("cp", "box:/work/there.txt", str(tmp_path / "back.txt"))

    assert (tmp_path / "back.txt").read_text() == "hello\n"


def test_environment_from_everywhere(cluster, namespace):
    cluster.kubectl("create", "configmap", "settings", "--from-literal=colour=blue")
    cluster.kubectl("create", "secret", "generic", "keys", "--from-literal=key=s3cret")
    env = [
        {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "colour"}}},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "key"}}},
        {"name": "ME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        {"name": "BOTH", "value": "$(COLOUR)-$(ME)-$$(X)"},
    ]
    container = {
        "env": env,
        "envFrom": [{"prefix": "P_", "configMapRef": {"name": "settings"}}],
        "resources": {"limits": {"cpu": "2"}},
    }

    ended(
        cluster,
        "env",
        'echo $COLOUR $KEY $ME $CPU $BOTH $P_colour; test -n "$KUBERNETES_SERVICE_HOST" && echo linked',
        container=container,
    )

    assert cluster.kubectl("logs", "env") == "blue s3cret env 2 blue-env-$(X) blue\nlinked\n"


def test_volumes_of_all_kinds(cluster, namespace):
    cluster.kubectl("create", "configmap", "settings", "--from-literal=a=one", "--from-literal=b=two")
    cluster.kubectl("create", "secret", "generic", "keys", "--from-literal=key=s3cret")
    volumes = [
        {"name": "settings", "configMap": {"name": "settings", "items": [{"key": "b", "path": "deep/b.txt"}]}},
        {"name": "keys", "secret": {"secretName": "keys", "defaultMode": 0o400}},
        {"name": "about", "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        {"name": "all", "projected": {"sources": [
            {"configMap": {"name": "settings"}},
            {"serviceAccountToken": {"path": "token", "audience": "me"}},
        ]}},
        {"name": "scratch", "emptyDir": {}},
    ]  # fmt: skip
    mounts = [{"name": v["name"], "mountPath": f"/mnt/{v['name']}"} for v in volumes]
    script = (
        "cat /mnt/settings/deep/b.txt; echo; cat /mnt/keys/key; echo; cat /mnt/about/labels; echo; "
        "cat /mnt/all/a; echo; "
        "test -s /mnt/all/token && echo token; echo x > /mnt/scratch/x && cat /mnt/scratch/x; "
        "cat /var/run/secrets/kubernetes.io/serviceaccount/namespace"
    )

    ended(cluster, "vols", script, volumes=volumes, container={"volumeMounts": mounts})

    assert cluster.kubectl("logs", "vols").split() == ["two", "s3cret", 'run="vols"', "one", "token", "x", namespace]


def test_a_changed_config_map_reaches_the_running_pod(cluster, namespace):
    cluster.kubectl("create", "configmap", "settings", "--from-literal=a=one")
    volume = {"name": "settings", "configMap": {"name": "settings"}}
    running(cluster, "box", volumes=[volume], container={"volumeMounts": [{"name": "settings", "mountPath": "/mnt"}]})
    assert cluster.kubectl("exec", "box", "--", "cat", "/mnt/a") == "one"

    cluster.kubectl("patch", "configmap", "settings", "--type=merge", "-p", '{"data":{"a":"two"}}')

    until(lambda: cluster.kubectl("exec", "box", "--", "cat", "/mnt/a", check=False) == "two", 240)


def test_init_containers_run_first_and_one_after_the_other(cluster, namespace):
    mount = {"volumeMounts": [{"name": "d", "mountPath": "/d"}]}
    inits = [
        {"name": name, "image": cluster.image, "command": ["sh", "-c", f"echo {name} >> /d/order"], **mount}
        for name in ("first", "second")
    ]

    ended(
        cluster,
        "ordered",
        "cat /d/order",
        initContainers=inits,
        volumes=[{"name": "d", "emptyDir": {}}],
        container=mount,
    )

    assert cluster.kubectl("logs", "ordered").split() == ["first", "second"]


def test_two_containers_share_a_volume(cluster, namespace):
    mount = {"volumeMounts": [{"name": "d", "mountPath": "/d"}]}
    pod = cluster.pod(
        "pair",
        "while ! test -s /d/x; do sleep 0.1; done; cat /d/x; sleep 1000",
        volumes=[{"name": "d", "emptyDir": {}}],
        container=mount,
    )
    pod["spec"]["containers"].append(
        {"name": "writer", "image": cluster.image, "command": ["sh", "-c", "echo hi > /d/x; sleep 1000"], **mount}
    )
    cluster.apply(pod)
    cluster.kubectl("wait", "--for=condition=Ready", "pod/pair", "--timeout=120s")

    until(lambda: cluster.kubectl("logs", "pair", "-c", "main") == "hi\n")
    assert (
        "a container name must be specified" in cluster.kubectl("logs", "pair", check=False)
        or cluster.kubectl("logs", "pair") == "hi\n"
    )
    assert cluster.kubectl("get", "pod", "pair").splitlines()[1].split()[1] == "2/2"


def test_probes_decide_readiness_and_restarts(cluster, namespace):
    mount = {"volumeMounts": [{"name": "d", "mountPath": "/d"}]}
    probes = {
        "readinessProbe": {"exec": {"command": ["test", "-f", "/d/ready"]}, "periodSeconds": 1},
        "livenessProbe": {
            "exec": {"command": ["sh", "-c", "! test -f /d/sick"]},
            "periodSeconds": 1,
            "failureThreshold": 1,
        },
    }
    cluster.apply(cluster.pod("probed", IDLE, volumes=[{"name": "d", "emptyDir": {}}], container={**mount, **probes}))
    until(lambda: cluster.get("pod", "probed")["status"].get("phase") == "Running")
    assert cluster.kubectl("get", "pod", "probed").splitlines()[1].split()[1] == "0/1"

    cluster.kubectl("exec", "probed", "--", "touch", "/d/ready")
    cluster.kubectl("wait", "--for=condition=Ready", "pod/probed", "--timeout=120s")
    cluster.kubectl("exec", "probed", "--", "touch", "/d/sick")

    until(lambda: cluster.get("pod", "probed")["status"]["containerStatuses"][0]["restartCount"] >= 1)
    events = ("get", "events", "--field-selector=involvedObject.name=probed")
    until(lambda: "Unhealthy" in cluster.kubectl(*events))


def test_graceful_deletion_lets_the_container_finish(cluster, namespace):
    host = f"/var/tmp/sampan-e2e-{namespace}"
    volume = {"name": "d", "hostPath": {"path": host, "type": "DirectoryOrCreate"}}
    mount = {"volumeMounts": [{"name": "d", "mountPath": "/d"}]}
    trap = "'echo bye > /d/bye; exit 0'"
    armed(cluster, "polite", trap, volumes=[volume], container=mount, terminationGracePeriodSeconds=60)

    cluster.kubectl("delete", "pod", "polite")

    assert "NotFound" in cluster.kubectl("get", "pod", "polite", check=False)
    assert Path(f"{host}/bye").read_text() == "bye\n"
    os.unlink(f"{host}/bye")
    os.rmdir(host)


def test_hooks_run_after_the_start_and_before_the_end(cluster, namespace):
    host = f"/var/tmp/sampan-e2e-{namespace}"
    volume = {"name": "d", "hostPath": {"path": host, "type": "DirectoryOrCreate"}}
    hooks = {
        "postStart": {"exec": {"command": ["sh", "-c", "echo begun > /d/begun"]}},
        "preStop": {"exec": {"command": ["sh", "-c", "echo last > /d/last"]}},
    }
    container = {"volumeMounts": [{"name": "d", "mountPath": "/d"}], "lifecycle": hooks}
    running(cluster, "hooked", volumes=[volume], container=container, terminationGracePeriodSeconds=60)
    assert cluster.kubectl("exec", "hooked", "--", "cat", "/d/begun") == "begun\n"

    cluster.kubectl("delete", "pod", "hooked")

    assert Path(f"{host}/last").read_text() == "last\n"
    shutil.rmtree(host)


def test_a_startup_probe_and_a_tcp_probe(cluster, namespace):
    script = "sleep 1; exec busybox httpd -f -p $IP:8080 -h ."
    env = [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
    probes = {
        "startupProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1, "failureThreshold": 90},
        "livenessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1, "failureThreshold": 1, "timeoutSeconds": 60},
    }
    running(cluster, "slow", script, container={"env": env, **probes})

    one = cluster.get("pod", "slow")["status"]["containerStatuses"][0]

    assert one["started"] is True and one["restartCount"] == 0


def test_a_forced_deletion_ends_a_stubborn_container_at_once(cluster, namespace):
    armed(cluster, "stubborn", "''", terminationGracePeriodSeconds=600)
    cluster.kubectl("delete", "pod", "stubborn", "--wait=false")
    assert cluster.get("pod", "stubborn")["metadata"]["deletionTimestamp"]

    cluster.kubectl("delete", "pod", "stubborn", "--grace-period=1")

    assert "NotFound" in cluster.kubectl("get", "pod", "stubborn", check=False)


def test_attach_reaches_the_container_s_input(cluster, namespace):
    running(cluster, "asks", "read line; echo heard $line; sleep 1000", container={"stdin": True, "stdinOnce": False})
    ends = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    attached = cluster.popen("attach", "-i", "asks", **ends)
    try:
        attached.stdin.write("hello\n")
        attached.stdin.flush()
        assert attached.stdout.readline().strip() == "heard hello"
    finally:
        attached.kill()
        attached.communicate()


def test_a_pod_bound_past_the_scheduler_is_refused_where_it_does_not_fit(cluster, namespace):
    node = cluster.get("nodes")["items"][0]["metadata"]["name"]
    pod = cluster.pod("huge", IDLE, nodeName=node, container={"resources": {"requests": {"cpu": "1000"}}})

    cluster.apply(pod)

    status = until(lambda: (s := cluster.get("pod", "huge")["status"]).get("phase") == "Failed" and s)
    assert status["reason"] == "OutOfcpu"
    assert cluster.kubectl("get", "pod", "huge").splitlines()[1].split()[2] == "OutOfcpu"


def test_port_forward_reaches_the_pod(cluster, namespace):
    script = "echo forwarded > index.html; exec busybox httpd -f -p $IP:8080 -h ."  # /tmp is the machine's
    env = [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
    probe = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
    running(cluster, "web", script, container={"env": env, "readinessProbe": probe})
    port = free_port()
    forward = cluster.popen("port-forward", "pod/web", f"{port}:8080", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert "Forwarding from" in forward.stdout.readline()
        for _ in range(5):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
                assert answer.read() == b"forwarded\n"
    finally:
        forward.terminate()
        forward.communicate()


@pytest.mark.docker
def test_a_host_port_leads_into_the_pod(docker_cluster, request):
    cluster = docker_cluster
    port = free_port()
    ports = [{"containerPort": 8080, "hostPort": port, "hostIP": "127.0.0.1"}]
    script = "echo here > /tmp/index.html; exec busybox httpd -f -p 8080 -h /tmp"
    running(cluster, "door", script, container={"ports": ports})
    request.addfinalizer(lambda: cluster.kubectl("delete", "pod", "door"))

    def fetch() -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    until(lambda: fetch() == "here\n")


def test_a_command_that_does_not_exist_is_said_clearly(cluster, namespace):
    pod = cluster.pod("wrong", "", restartPolicy="Never")
    pod["spec"]["containers"][0]["command"] = ["/no/such/program"]
    cluster.apply(pod)

    def reason() -> str:
        state = cluster.get("pod", "wrong")["status"].get("containerStatuses", [{}])[0].get("state", {})
        return (state.get("waiting") or state.get("terminated") or {}).get("reason", "")

    until(
        lambda: reason() in ("StartError", "ContainerCannotRun", "RunContainerError", "CreateContainerError", "Error")
    )


def test_run_creates_a_pod_and_removes_it(cluster, namespace):
    text = cluster.kubectl(
        "run",
        "once",
        f"--image={cluster.image}",
        "--restart=Never",
        "--rm",
        "-i",
        "--quiet",
        "--command",
        "--",
        "sh",
        "-c",
        "cat; echo done",
        input="in\n",
    )

    assert "done" in text
    until(lambda: "NotFound" in cluster.kubectl("get", "pod", "once", check=False))
