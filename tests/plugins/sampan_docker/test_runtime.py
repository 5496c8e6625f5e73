import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from sampan_docker.engine import connect
from sampan_docker.runtime import DockerRuntime, split_reference
from sampan_node.volumes import unpacking
from sampan_runtime.contracts import RuntimeFailure
from sampan_testing.runtime import Pod, RuntimeContract

TAG = str(os.getpid())  # two sessions on one machine have images of their own
IMAGE = f"sampan-test/busybox:{TAG}"


def busybox_archive() -> bytes:
    path = shutil.which("busybox")
    assert path, "the docker tests make their image from a static /bin/busybox: install busybox-static"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(path, "bin/busybox")
        for name in subprocess.run([path, "--list"], capture_output=True, text=True, check=True).stdout.split():
            if name != "busybox":
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
        for folder in ("usr", "tmp", "etc"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def client():
    client = connect()
    client.import_image_from_data(busybox_archive(), repository="sampan-test/busybox", tag=TAG, changes=['CMD ["sh"]'])
    yield client
    client.remove_image(IMAGE)
    client.close()


@pytest.mark.docker
class TestDockerRuntime(RuntimeContract):
    @pytest.fixture
    def runtime(self, client, tmp_path):
        runtime = DockerRuntime(str(tmp_path))
        yield runtime
        for sandbox in runtime.sandboxes():
            runtime.remove_sandbox(sandbox.id)
        runtime.close()

    @pytest.fixture
    def image(self):
        return IMAGE

    def test_another_agent_finds_what_runs_and_another_cluster_does_not(self, runtime, pod, tmp_path):
        container = pod.start("sleep 1000")

        later, foreign = DockerRuntime(str(tmp_path)), DockerRuntime(str(tmp_path / "else"))

        assert [(one.id, one.state) for one in later.containers()] == [(container, "running")]
        assert foreign.containers() == []
        later.close()
        foreign.close()

    def test_containers_of_a_pod_share_their_network(self, runtime, pod):
        pod.start("nc -l -p 8080 -e echo hello", name="server")

        ended = pod.end_of(pod.start("until nc 127.0.0.1 8080 </dev/null; do :; done", name="client"))

        assert pod.said(ended.id, 1) == b"hello\n"

    def test_the_resolver_is_the_pods(self, runtime, image):
        pod = Pod(runtime, image, dns_servers=["10.96.0.10"], dns_searches=["svc.cluster.local"])

        ended = pod.end_of(pod.start("cat /etc/resolv.conf"))

        lines = pod.said(ended.id).decode().splitlines()
        assert "nameserver 10.96.0.10" in lines
        assert "search svc.cluster.local" in lines

    def test_an_image_that_cannot_be_pulled_says_why(self, runtime):
        with pytest.raises(RuntimeFailure) as caught:
            runtime.pull("localhost:1/none/such:1")

        assert caught.value.reason == "ErrImagePull"
        assert Path("/").is_dir()

    def test_an_image_can_be_unpacked_as_a_volume(self, runtime, image, tmp_path):
        unpacking.unpack(runtime.save_image(image), tmp_path / "files")

        assert sorted(path.name for path in (tmp_path / "files").iterdir()) == ["bin", "etc", "tmp", "usr"]
        assert (tmp_path / "files/bin/busybox").read_bytes() == Path(shutil.which("busybox")).read_bytes()
        assert (tmp_path / "files/bin/sh").readlink() == Path("busybox")

    def test_an_absent_image_cannot_be_unpacked(self, runtime):
        with pytest.raises(RuntimeFailure):
            list(runtime.save_image("sampan-test/none:1"))

    def test_an_absent_image_is_none(self, runtime):
        assert runtime.image("sampan-test/none:1") is None


class FallingDaemon:
    """A daemon whose event stream breaks off once."""

    def __init__(self):
        self.opened = 0

    def inspect_image(self, name):
        return {"Id": name}

    def events(self, **_):
        self.opened += 1
        if self.opened == 2:
            raise OSError("no daemon")
        return iter([{"Action": "die", "Actor": {"Attributes": {"sampan.dev/pod-uid": f"u{self.opened}"}}}])

    def close(self):
        pass


def test_after_a_restart_of_the_daemon_everything_is_looked_at_again(tmp_path):
    runtime = DockerRuntime(str(tmp_path), FallingDaemon())
    events = runtime.events()

    seen = [next(events) for _ in range(4)]

    assert seen == ["", "u1", "", "u3"]
    runtime.close()


def test_references_are_split_as_the_daemon_wants_them():
    assert split_reference("localhost:5000/a/b") == ("localhost:5000/a/b", "latest")
    assert split_reference("a/b:1") == ("a/b", "1")
    assert split_reference("a@sha256:00") == ("a", "sha256:00")
