import os
import subprocess

import pytest

from sampan_exec.programs import argv, base_name, environment, identity
from sampan_runtime.contracts import ContainerSpec, RuntimeFailure


def spec(image="registry.example.org/team/tool:1", **more):
    return ContainerSpec(**{"name": "main", "attempt": 0, "image": image, "command": (), "args": (), **more})


@pytest.mark.parametrize(
    "image", ["python", "python:3.12-slim", "library/python", "r.example.org:5000/x/python@sha256:ab"]
)
def test_an_image_is_known_by_its_last_name(image):
    assert base_name(image) == "python"


def test_the_command_of_a_container_is_run():
    assert argv(spec(command=("sleep",), args=("5",))) == ["sleep", "5"]


def test_known_images_run_their_arguments_or_their_own_program():
    assert argv(spec("busybox", args=("echo", "hi"))) == ["echo", "hi"]
    assert argv(spec("python:3.12")) == ["python3"]


def test_an_image_that_only_knows_its_command_is_refused_with_the_way_out():
    with pytest.raises(RuntimeFailure, match="so the container needs a command"):
        argv(spec(args=("x",)))


def test_the_environment_is_the_containers_with_what_every_program_needs(tmp_path):
    found = environment(spec(env={"A": "1", "HOME": "/own"}), hostname="web", folder=tmp_path)

    assert (found["A"], found["HOME"], found["HOSTNAME"]) == ("1", "/own", "web")
    assert found["PATH"].startswith("/usr/local/sbin:")
    assert "TERM" not in found
    assert environment(spec(tty=True), hostname="web", folder=tmp_path)["TERM"] == "xterm"


def test_python_images_find_an_interpreter(tmp_path):
    found = environment(spec("python:3.12"), hostname="web", folder=tmp_path)
    place = found["PATH"].rpartition(":")[2]

    assert subprocess.run([os.path.join(place, "python"), "-c", ""], check=False).returncode == 0


def test_a_user_is_numeric():
    assert identity(spec()) is None
    assert identity(spec(user="1000")) == (1000, 0)
    assert identity(spec(user="1000:2000")) == (1000, 2000)
    with pytest.raises(RuntimeFailure, match="not numeric"):
        identity(spec(user="jane"))
