"""Sub-paths while their volume's users swap names, all the way into a container of each runtime."""

import io
import os
import shutil
import tarfile

import pytest

from sampan_docker.engine import connect
from sampan_docker.runtime import DockerRuntime
from sampan_exec.runtime import ExecRuntime
from sampan_node.volumes.subpaths import SubPaths
from sampan_runtime.contracts import Mount
from sampan_testing.runtime import Pod

IMAGE = f"sampan-test/subpaths:{os.getpid()}"  # two sessions on one machine have images of their own
pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def image():
    """An image whose one program is this machine's static busybox as cat."""
    path = shutil.which("busybox")
    assert path, "this test makes its image from a static busybox: install busybox-static"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(path, "bin/cat")
    client = connect()
    client.import_image_from_data(buffer.getvalue(), repository=IMAGE.split(":")[0], tag=IMAGE.split(":")[1])
    yield IMAGE
    client.remove_image(IMAGE)
    client.close()


@pytest.fixture(params=["exec", pytest.param("docker", marks=pytest.mark.docker)])
def pod(request, tmp_path):
    if request.param == "docker":
        request.getfixturevalue("image")
    runtime = ExecRuntime(tmp_path / "exec") if request.param == "exec" else DockerRuntime(str(tmp_path / "docker"))
    pod = Pod(runtime, IMAGE)
    yield pod
    runtime.remove_sandbox(pod.sandbox.id)
    runtime.close()


@pytest.fixture
def volume(tmp_path):
    for name, text in (("volume/real", "inside\n"), ("outside", "outside\n")):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "who").write_text(text)
    (tmp_path / "volume/trap").symlink_to("../outside")
    return tmp_path / "volume"


@pytest.fixture
def subpaths(tmp_path):
    made = SubPaths(tmp_path / "pod", "c")
    yield made
    made.clear()


def test_a_swap_between_the_check_and_the_start_changes_nothing(pod, volume, subpaths, exchange):
    place = subpaths.pin(volume, "real", shared=False)
    exchange(volume / "real", volume / "trap")
    container = pod.create("/bin/cat", "/m/who", mounts=[Mount(str(place), "/m")])
    exchange(volume / "real", volume / "trap")
    exchange(volume / "real", volume / "trap")

    pod.runtime.start_container(container)

    assert pod.said(pod.end_of(container).id) == b"inside\n"


def test_no_container_ever_sees_the_outside_while_names_are_swapped(pod, volume, subpaths, swapping):
    seen, tries = [], 0
    with swapping(volume / "real", volume / "trap"):
        while len(seen) < 5 and tries < 10_000:
            tries += 1
            try:
                place = subpaths.pin(volume, "real", shared=False)
            except OSError:
                continue
            mounts = [Mount(str(place), "/m")]
            container = pod.create("/bin/cat", "/m/who", name=f"c{tries}", mounts=mounts)
            pod.runtime.start_container(container)
            seen.append(pod.said(pod.end_of(container).id))
    assert seen == [b"inside\n"] * 5
