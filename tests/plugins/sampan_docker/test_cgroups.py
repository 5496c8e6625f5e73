from __future__ import annotations

import pytest

from sampan_docker import cgroups


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize("place", ["docker/c1", "system.slice/docker-c1.scope"])
def test_both_versions_are_read_where_docker_puts_them(tmp_path, place):
    one, two = tmp_path / "one", tmp_path / "two"
    write(one / "cpuacct" / place / "cpuacct.usage", "5000\n")
    write(one / "memory" / place / "memory.usage_in_bytes", "1000\n")
    write(one / "memory" / place / "memory.stat", "cache 1\ntotal_inactive_file 300\n")
    write(two / place / "cpu.stat", "usage_usec 5\nuser_usec 4\n")
    write(two / place / "memory.current", "1000\n")
    write(two / place / "memory.stat", "anon 1\ninactive_file 300\n")

    assert cgroups.usage("c1", one) == (5000, 700)
    assert cgroups.usage("c1", two) == (5000, 700)


def test_a_container_that_just_ended_has_no_figures(tmp_path):
    write(tmp_path / "docker/c1/cpu.stat", "usage_usec 5\n")  # its memory is gone already

    assert cgroups.usage("c1", tmp_path) is None
    assert cgroups.usage("c2", tmp_path) is None
