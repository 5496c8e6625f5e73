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


def test_what_a_launcher_launched_goes_with_it(tmp_path):
    words = ["python", "/x/sampan_exec/launcher.py", "/c", "5"]
    for pid, children in {"7": "11 12", "11": "13", "12": "", "13": ""}.items():
        task = tmp_path / pid / "task" / pid
        task.mkdir(parents=True)
        (task / "children").write_text(children)
    (tmp_path / "7" / "cmdline").write_bytes(b"".join(f"{word}\0".encode() for word in words))

    (found,) = leftovers(tmp_path)

    command, force, *pids = found.remove.split()
    assert (command, force, pids[0], sorted(pids)) == ("kill", "-9", "7", ["11", "12", "13", "7"])
