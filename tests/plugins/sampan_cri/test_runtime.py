import io
import json
import socket
import tarfile

import pytest
from containerds import BUSYBOX, containerd
from spaces import inside

from sampan.contracts.options import ClusterOptions
from sampan_cri import streams
from sampan_cri.opening import open_runtime
from sampan_cri.settings import Settings
from sampan_runtime.contracts import RuntimeFailure, SandboxSpec
from sampan_testing.runtime import Pod, RuntimeContract


@pytest.fixture(scope="module")
def engine():
    with containerd() as found:
        bridge = {
            "type": "bridge", "bridge": "cni0", "isGateway": True,
            "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.99.0.0/24"}]], "dataDir": f"{found.folder}/ipam"},
        }  # fmt: skip
        bandwidth = {"type": "bandwidth", "capabilities": {"bandwidth": True}}
        conflist = {"cniVersion": "1.0.0", "name": "test", "plugins": [bridge, bandwidth]}
        (found.conf / "10-test.conflist").write_text(json.dumps(conflist))
        yield found


@pytest.fixture
def runtime(engine, tmp_path, until, monkeypatch):
    """One in the namespace of this process: gRPC keeps its threads for good, wherever they were begun, and with those
    of a namespace that is gone no other test could connect to anything. Only exec and attach go over TCP."""
    upgraded = streams.upgraded
    monkeypatch.setattr(streams, "upgraded", lambda url: inside(f"/run/netns/{engine.space}", lambda: upgraded(url)))
    runtime = open_runtime(str(tmp_path), ClusterOptions(), Settings(endpoint=f"unix://{engine.socket}"))
    try:
        until(lambda: not runtime.problem())  # containerd has seen the configuration of the network
        yield runtime
        for sandbox in runtime.sandboxes():
            runtime.remove_sandbox(sandbox.id)
    finally:
        runtime.close()


@pytest.mark.root
class TestCriRuntime(RuntimeContract):
    @pytest.fixture
    def runtime(self, runtime):
        return runtime

    @pytest.fixture
    def image(self):
        return BUSYBOX


@pytest.mark.root
class TestBeyondTheSuite:
    def test_a_limit_of_processes_is_kept(self, runtime):
        pod = Pod(runtime, BUSYBOX)
        script = "read go; for i in 1 2 3 4 5 6 7 8 9; do sleep 100 & done; true"

        container = pod.create("/bin/sh", "-c", script, pids_limit=5, stdin=True, stdin_once=True)
        runtime.start_container(container)
        stream = runtime.attach(container, stdin=True, tty=False)
        stream.send(b"go\n")

        said = b"".join(data for _, data in stream.output())
        stream.close()
        assert b"can't fork" in said
        runtime.remove_sandbox(pod.sandbox.id)

    def test_a_rotated_log_is_read_whole(self, runtime, monkeypatch, until):
        monkeypatch.setattr("sampan_cri.logs.LARGEST", 10)
        pod = Pod(runtime, BUSYBOX)
        container = pod.start("echo before rotation; read go; echo after", stdin=True, stdin_once=True)
        until(lambda: pod.said(container))
        assert runtime.containers(pod.uid)[0].state == "running"

        runtime._rotation.look()
        stream = runtime.attach(container, stdin=True, tty=False)
        stream.send(b"go\n")

        assert pod.end_of(container).exit_code == 0
        assert pod.said(container) == b"before rotation\nafter\n"
        stream.close()
        runtime.remove_sandbox(pod.sandbox.id)

    def test_what_listens_on_the_pods_loopback_alone_is_dialled(self, runtime, until):
        pod = Pod(runtime, BUSYBOX)
        pod.start("mkdir /www; echo here >/www/index.html; httpd -f -p 127.0.0.1:9000 -h /www")

        def answer():
            try:
                with socket.socket(fileno=runtime.dial(pod.sandbox.id, 9000)) as end:
                    end.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    return end.makefile("rb").read()
            except OSError:
                return b""

        assert until(answer).endswith(b"here\n")
        runtime.remove_sandbox(pod.sandbox.id)

    def test_nothing_of_a_pod_is_left(self, runtime, tmp_path):
        pod = Pod(runtime, BUSYBOX)
        pod.end_of(pod.start("echo hello"))
        assert list((tmp_path / "logs").rglob("*.log"))

        runtime.remove_sandbox(pod.sandbox.id)

        assert list((tmp_path / "logs").iterdir()) == list((tmp_path / "sandboxes").iterdir()) == []
        assert (runtime.sandboxes(), runtime.containers()) == ([], [])

    def test_an_image_is_found_by_its_short_name_and_can_be_taken_apart(self, runtime):
        found = runtime.image("busybox:1")

        assert BUSYBOX in found.tags
        assert runtime.image("registry.test/none:1") is None
        assert found in runtime.images()
        with tarfile.open(fileobj=io.BytesIO(b"".join(runtime.save_image("busybox:1")))) as tar:
            assert "manifest.json" in tar.getnames()

    def test_a_pull_that_fails_says_why(self, runtime):
        with pytest.raises(RuntimeFailure, match=r"127\.0\.0\.1:1") as raised:
            runtime.pull("127.0.0.1:1/none:1", [{"username": "u", "password": "p"}])
        assert raised.value.reason == "ErrImagePull"

    def test_what_the_runtime_cannot_do_is_refused(self, runtime):
        spec = SandboxSpec(name="web", namespace="default", uid="u", own_users=True)

        with pytest.raises(RuntimeFailure, match="user namespaces"):
            runtime.run_sandbox(spec)
        with pytest.raises(RuntimeFailure, match="kata"):
            runtime.run_sandbox(SandboxSpec(name="web", namespace="default", uid="u", handler="kata"))
        assert runtime.sandboxes() == []

    def test_a_seccomp_profile_is_kept(self, runtime):
        rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}
        pod = Pod(runtime, BUSYBOX)

        ended = pod.end_of(
            pod.start(
                "mkdir /x || echo refused", seccomp=json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]})
            )
        )

        assert b"refused\n" in pod.said(ended.id)
        runtime.remove_sandbox(pod.sandbox.id)

    def test_a_privileged_container_needs_a_pod_that_says_so(self, runtime):
        pod = Pod(runtime, BUSYBOX, privileged=True)

        ended = pod.end_of(
            pod.start("mount -t tmpfs x /mnt 2>/dev/null || mkdir /mnt; cat /proc/self/status", privileged=True)
        )

        assert b"NoNewPrivs:\t0" in pod.said(ended.id)
        assert ended.exit_code == 0
        runtime.remove_sandbox(pod.sandbox.id)
