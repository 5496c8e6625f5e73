from __future__ import annotations

from sampan_exec.leftovers import leftovers


def test_launchers_are_told_from_other_processes_and_tell_their_container(tmp_path):
    for pid, words in {
        "7": ["python", "-I", "-S", "/x/sampan_exec/launcher.py", "/home/components/node/exec/containers/c", "5"],
        "8": ["python", "/x/sampan_exec/launcher.py"],
        "9": ["vim", "launcher.py", "/home"],
    }.items():
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "cmdline").write_bytes(b"".join(f"{word}\0".encode() for word in words))
    (tmp_path / "10").mkdir()

    found = list(leftovers(tmp_path))

    assert [(each.home, each.remove) for each in found] == [
        ("/home/components/node/exec/containers/c", "kill -9 7"),
    ]
