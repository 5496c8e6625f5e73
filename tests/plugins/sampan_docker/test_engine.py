import os
import subprocess
import sys

import pytest

from sampan_docker.engine import shares_mounts, trouble_at

LISTEN = (
    "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); print('up', flush=True);"
    "sys.stdin.read()"
)


@pytest.fixture
def listener(tmp_path):
    """Start a daemon's socket, behind a prefix of words; answers its address."""
    started = []

    def start(*prefix):
        path = tmp_path / f"{len(started)}.sock"
        process = subprocess.Popen(
            [*prefix, sys.executable, "-c", LISTEN, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdout.readline() == b"up\n"
        return f"unix://{path}"

    yield start
    for process in started:
        process.communicate(b"")


def test_a_daemon_beside_us_sees_what_we_mount(listener):
    assert shares_mounts(listener())


def test_a_daemon_in_another_mount_namespace_does_not(listener):
    words = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-U", "-m"]
    assert not shares_mounts(listener(*words))


@pytest.mark.parametrize("where", ["tcp://127.0.0.1:2375", "unix:///none", "ssh://somewhere"])
def test_a_daemon_that_is_not_reached_here_does_not(where):
    assert not shares_mounts(where)


def test_why_a_daemon_of_this_machine_cannot_be_used_is_said_in_words(tmp_path):
    where = f"unix://{tmp_path}/none.sock"

    assert trouble_at(where) == f"no Docker daemon answers (No such file or directory) at {where}"
    assert trouble_at("tcp://127.0.0.1:1") == ""
