import os

import pytest

from sampan_docker import processes


@pytest.fixture
def killed(monkeypatch):
    found = []
    monkeypatch.setattr(os, "kill", lambda pid, number: found.append(pid))
    return found


def process(proc, pid, cgroup, children=""):
    (proc / str(pid) / "task" / str(pid)).mkdir(parents=True)
    (proc / str(pid) / "cgroup").write_text(f"0::/docker/{cgroup}\n")
    (proc / str(pid) / "task" / str(pid) / "children").write_text(children)


def test_a_tree_of_the_container_s_processes_is_killed_from_below(tmp_path, killed):
    process(tmp_path, 5, "abc", "6 7 ")
    process(tmp_path, 6, "abc")

    processes.kill_in("abc", 5, tmp_path)

    assert killed == [6, 5]


@pytest.mark.parametrize("pid", [0, -1, 5])
def test_what_is_not_of_the_container_is_left_alone(tmp_path, killed, pid):
    process(tmp_path, 5, "other")

    processes.kill_in("abc", pid, tmp_path)

    assert killed == []
