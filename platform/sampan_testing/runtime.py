"""The test suite for container runtimes, first-party and third-party.

Subclass ``RuntimeContract`` and define the fixtures ``runtime`` and ``image`` (a reference that is present and has
``/bin/sh``). ``mounts``: whether volumes are mounted at their container paths.
"""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sampan_runtime.contracts import (
    Container,
    ContainerSpec,
    Mount,
    Resources,
    Runtime,
    RuntimeFailure,
    Sandbox,
    SandboxSpec,
)

#: Files in a container's /dev, except its console if it has a terminal.
DEVICES = (
    "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom",
    "zero",
)  # fmt: skip
#: Waits up to 30 seconds for a size of 100 by 40: it comes beside the input, and may come after it.
SIZED = 'i=0; until [ "$(stty size)" = "40 100" ] || [ $i = 300 ]; do i=$((i + 1)); sleep 0.1; done'
PATIENCE = 60  # seconds after which a missing event fails the test


class Pod:
    """One sandbox, with shortcuts for its containers."""

    def __init__(self, runtime: Runtime, image: str, **spec: Any) -> None:
        self.runtime, self.image = runtime, image
        self.uid = str(uuid.uuid4())
        self.sandbox: Sandbox = runtime.run_sandbox(
            SandboxSpec(name="web", namespace="default", uid=self.uid, hostname="web", **spec)
        )
        self._feed = runtime.events()

    def create(self, *command: str, name: str = "main", **spec: Any) -> str:
        return self.runtime.create_container(
            self.sandbox.id,
            ContainerSpec(name=name, attempt=spec.pop("attempt", 0), image=self.image, command=command, **spec),
        )

    def start(self, script: str, **spec: Any) -> str:
        container = self.create("/bin/sh", "-c", script, **spec)
        self.runtime.start_container(container)
        return container

    def find(self, container: str) -> Container:
        return next(one for one in self.runtime.containers() if one.id == container)

    def end_of(self, container: str) -> Container:
        """Wait for the end of the container: by its log, which ends with it, and then by the events."""
        for _ in self.runtime.logs(container, follow=True, since=0, tail=-1):
            pass
        if self.find(container).state == "running":
            self.until(lambda: self.find(container).state == "exited")
        return self.find(container)

    def until(self, seen: Callable[[], bool]) -> None:
        if seen():
            return
        done = threading.Event()

        def watch() -> None:
            for _ in self._feed:
                if seen():
                    done.set()
                    return

        threading.Thread(target=watch, daemon=True).start()
        assert done.wait(PATIENCE) or seen(), "the runtime sent no such event"

    def said(self, container: str, channel: int = 0) -> bytes:
        lines = self.runtime.logs(container, follow=False, since=0, tail=-1)
        return b"".join(line for _, number, line in lines if channel in (0, number))


class RuntimeContract:
    mounts = True

    @pytest.fixture
    def runtime(self) -> Iterator[Runtime]:
        raise NotImplementedError("the runtime's test must define the fixture `runtime`")

    @pytest.fixture
    def image(self) -> str:
        raise NotImplementedError("the runtime's test must define the fixture `image`, with /bin/sh")

    @pytest.fixture
    def pod(self, runtime: Runtime, image: str) -> Iterator[Pod]:
        pod = Pod(runtime, image)
        yield pod
        runtime.remove_sandbox(pod.sandbox.id)

    def test_a_sandbox_has_an_address_and_is_listed(self, runtime: Runtime, pod: Pod) -> None:
        found = [sandbox for sandbox in runtime.sandboxes() if sandbox.uid == pod.uid]

        assert [(one.id, one.ready, one.name) for one in found] == [(pod.sandbox.id, True, "web")]
        assert socket.inet_aton(pod.sandbox.ip)

    def test_a_stopped_sandbox_is_not_ready(self, runtime: Runtime, pod: Pod) -> None:
        runtime.stop_sandbox(pod.sandbox.id)

        assert [one.ready for one in runtime.sandboxes() if one.uid == pod.uid] == [False]

    def test_a_container_runs_to_its_end(self, pod: Pod) -> None:
        ended = pod.end_of(pod.start("echo hello; echo oops >&2"))

        assert (ended.state, ended.exit_code, ended.reason) == ("exited", 0, "Completed")
        assert ended.created <= ended.started <= ended.finished
        assert pod.said(ended.id, 1) == b"hello\n"
        assert pod.said(ended.id, 2) == b"oops\n"

    def test_a_running_container_gets_other_resources_or_the_runtime_says_that_it_limits_none(
        self, runtime: Runtime, pod: Pod
    ) -> None:
        wanted = Resources(cpu_request=100, cpu_limit=200, memory_limit=64 << 20)
        identifier = pod.start("sleep 60")
        if not runtime.limits:
            with pytest.raises(RuntimeFailure):
                runtime.update_container(identifier, wanted)
            return
        runtime.update_container(identifier, wanted)

        (found,) = runtime.containers(pod.uid)
        assert (found.state, found.applied) == ("running", wanted.kernel())

    def test_an_exit_code_is_kept(self, pod: Pod) -> None:
        ended = pod.end_of(pod.start("exit 7"))

        assert (ended.exit_code, ended.reason, ended.attempt, ended.name) == (7, "Error", 0, "main")

    def test_a_program_that_does_not_exist_cannot_be_started(self, runtime: Runtime, pod: Pod) -> None:
        container = pod.create("/no/such/program")

        with pytest.raises(RuntimeFailure, match=r"no/such/program|No such file"):
            runtime.start_container(container)

    def test_the_environment_is_the_containers_own(self, pod: Pod) -> None:
        os.environ["SAMPAN_TEST_LEAK"] = "1"
        try:
            ended = pod.end_of(
                pod.start("tr '\\0' '\\n' < /proc/$$/environ; echo", env={"GREETING": "hi there", "1-data": "x"})
            )
        finally:
            del os.environ["SAMPAN_TEST_LEAK"]

        lines = pod.said(ended.id).decode().splitlines()
        assert "GREETING=hi there" in lines
        assert "1-data=x" in lines
        assert not [line for line in lines if "LEAK" in line]

    def test_term_ends_a_container_and_its_code_says_so(self, runtime: Runtime, pod: Pod) -> None:
        container = pod.start("trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done")
        self._wait_for_line(runtime, container, b"up\n")

        runtime.stop_container(container, 10)

        assert pod.find(container).exit_code == 3

    def test_kill_follows_when_term_is_ignored(self, runtime: Runtime, pod: Pod) -> None:
        container = pod.start("trap '' TERM; echo up; while :; do sleep 0.05; done")
        self._wait_for_line(runtime, container, b"up\n")

        runtime.stop_container(container, 1)

        assert (pod.find(container).state, pod.find(container).exit_code) == ("exited", 137)

    def test_removed_containers_are_gone(self, runtime: Runtime, pod: Pod) -> None:
        container = pod.start("sleep 1000")

        runtime.remove_container(container)

        assert container not in [one.id for one in runtime.containers()]

    def test_the_end_of_a_container_is_an_event(self, runtime: Runtime, pod: Pod) -> None:
        container = pod.start("read line", stdin=True, stdin_once=True)
        stream = runtime.attach(container, stdin=True, tty=False)

        stream.send(b"go\n")

        pod.until(lambda: pod.find(container).state == "exited")
        stream.close()

    def test_logs_can_be_followed_until_the_end(self, runtime: Runtime, pod: Pod) -> None:
        container = pod.start("echo one; sleep 0.3; echo two")

        lines = [line for _, channel, line in runtime.logs(container, follow=True, since=0, tail=-1) if channel]

        assert lines == [b"one\n", b"two\n"]

    def test_a_line_keeps_its_exact_time_however_it_is_read(self, runtime: Runtime, pod: Pod) -> None:
        ended = pod.end_of(pod.start("for i in 1 2 3 4; do echo $i; done"))

        lines = list(runtime.logs(ended.id, follow=False, since=0, tail=-1))
        later = list(runtime.logs(ended.id, follow=False, since=lines[2][0], tail=-1))

        assert all(isinstance(when, int) and when > 10**18 for when, _, _ in lines)
        assert later == [line for line in lines if line[0] >= lines[2][0]]

    def test_the_last_lines_can_be_asked_for(self, runtime: Runtime, pod: Pod) -> None:
        ended = pod.end_of(pod.start("for i in 1 2 3 4; do echo $i; done; printf end"))

        assert [line for _, _, line in runtime.logs(ended.id, follow=False, since=0, tail=2)] == [b"4\n", b"end"]

    def test_exec_runs_beside_the_program(self, runtime: Runtime, pod: Pod) -> None:
        container = pod.start("sleep 1000", env={"WHO": "me"})

        code, said = runtime.exec_sync(container, ["/bin/sh", "-c", "echo $WHO; echo e >&2; exit 4"], 10)

        assert (code, sorted(said.split())) == (4, [b"e", b"me"])

    def test_a_slow_exec_times_out(self, runtime: Runtime, pod: Pod) -> None:
        container = pod.start("sleep 1000")

        with pytest.raises(TimeoutError):
            runtime.exec_sync(container, ["/bin/sh", "-c", "sleep 1000"], 0.5)

    def test_an_exec_that_timed_out_does_not_run_on(self, runtime: Runtime, pod: Pod) -> None:
        if os.geteuid() != 0:
            return  # processes of the containers cannot be listed here
        container = pod.start("sleep 1000")
        number = str(10_000 + os.getpid() % 50_000)

        with pytest.raises(TimeoutError):
            runtime.exec_sync(container, ["/bin/sh", "-c", f"sleep {number}; true"], 0.5)

        look = f"cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c 'sleep [{number[0]}]{number[1:]}'"
        assert runtime.exec_sync(container, ["/bin/sh", "-c", look], 20) == (1, b"0\n")

    def test_exec_carries_input_and_its_end(self, runtime: Runtime, pod: Pod) -> None:
        container = pod.start("sleep 1000")
        stream = runtime.exec(container, ["cat"], stdin=True, tty=False)

        stream.send(b"a" * 100_000)
        stream.close_input()

        assert b"".join(data for channel, data in stream.output() if channel == 1) == b"a" * 100_000
        assert stream.exit_code() == 0
        stream.close()

    def test_exec_with_a_terminal_knows_its_size(self, runtime: Runtime, pod: Pod) -> None:
        container = pod.start("sleep 1000")
        script = f"read x; {SIZED}; stty size; exit 5"
        with closing(runtime.exec(container, ["/bin/sh", "-c", script], stdin=True, tty=True)) as stream:
            stream.resize(100, 40)
            stream.send(b"\n")

            assert b"40 100" in b"".join(data for _, data in stream.output())
            assert stream.exit_code() == 5

    def test_a_container_can_have_a_terminal(self, runtime: Runtime, pod: Pod, tmp_path: Path) -> None:
        (tmp_path / "message").touch()
        mounts = [Mount(str(tmp_path / "message"), "/dev/termination-log")]  # as every container has
        script = f"read x; {SIZED}; test -t 1 && stty size; ls -l /proc/self/fd/0"
        container = pod.start(script, stdin=True, tty=True, mounts=mounts)
        with closing(runtime.attach(container, stdin=True, tty=True)) as stream:
            stream.resize(100, 40)
            stream.send(b"\n")

            said = b"".join(data for _, data in stream.output())
        assert b"40 100" in said
        if self.mounts:
            assert b"/dev/pts/0" in said

    @pytest.mark.parametrize("tty", [False, True])
    def test_devices_are_those_of_a_container(self, runtime: Runtime, pod: Pod, tty: bool) -> None:
        if not self.mounts:
            return
        listed = "cd /dev; for one in *; do test $one = core || echo $one; done; ls pts"  # core: of some kernels

        ended = pod.end_of(pod.start(listed, tty=tty))

        names = pod.said(ended.id).decode().split()
        terminals = ["0", "ptmx"] if tty else ["ptmx"]
        assert sorted(names[: -len(terminals)]) == sorted([*DEVICES, *(["console"] if tty else [])])
        assert sorted(names[-len(terminals) :]) == terminals

    def test_devices_work_for_any_user(self, runtime: Runtime, pod: Pod) -> None:
        script = (
            "echo x > /dev/null; head -c 3 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c;"
            "(echo x > /dev/full) 2>/dev/null || echo full; echo by name > /dev/stdout; echo err > /dev/stderr;"
            "echo mem > /dev/shm/f$$ && cat /dev/shm/f$$"
        )
        user = {"user": "1000:1000"} if self.mounts and os.geteuid() == 0 else {}

        ended = pod.end_of(pod.start(script, working_dir="/", **user))

        assert pod.said(ended.id, 1).split() == [b"3", b"4", b"full", b"by", b"name", b"mem"]
        assert pod.said(ended.id, 2) == b"err\n"

    def test_containers_of_a_pod_share_their_memory_files(self, runtime: Runtime, image: str, pod: Pod) -> None:
        if not self.mounts:
            return
        pod.end_of(pod.start("echo shared > /dev/shm/one", name="first"))

        ended = pod.end_of(pod.start("cat /dev/shm/one", name="second"))
        other = Pod(runtime, image)
        apart = other.end_of(other.start("ls /dev/shm"))

        assert pod.said(ended.id) == b"shared\n"
        assert other.said(apart.id) == b""
        runtime.remove_sandbox(other.sandbox.id)

    def test_a_command_s_terminal_has_a_name(self, runtime: Runtime, pod: Pod) -> None:
        if not self.mounts:
            return
        container = pod.start("sleep 1000")
        stream = runtime.exec(container, ["/bin/sh", "-c", "tty"], stdin=False, tty=True)

        assert b"/dev/pts/0" in b"".join(data for _, data in stream.output())
        stream.close()

    def test_attach_sees_what_comes(self, runtime: Runtime, pod: Pod) -> None:
        container = pod.start("read a; echo got $a; read b", stdin=True)
        stream = runtime.attach(container, stdin=True, tty=False)

        stream.send(b"fish\n")

        assert next(stream.output()) == (1, b"got fish\n")
        stream.close()

    def test_volumes_are_at_their_paths_and_writable(self, pod: Pod, tmp_path: Path) -> None:
        if not self.mounts:
            return
        (tmp_path / "data").mkdir()
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "key").write_text("value\n")
        (tmp_path / "hosts").write_text("127.0.0.1 here\n")

        ended = pod.end_of(
            pod.start(
                "cat /etc/made/up/key /etc/hosts; echo x > /data/out; echo x > /etc/made/up/no || echo read-only",
                mounts=[
                    Mount(str(tmp_path / "data"), "/data"),
                    Mount(str(tmp_path / "config"), "/etc/made/up", read_only=True),
                    Mount(str(tmp_path / "hosts"), "/etc/hosts"),
                ],
            )
        )

        assert pod.said(ended.id, 1) == b"value\n127.0.0.1 here\nread-only\n"
        assert (tmp_path / "data" / "out").read_text() == "x\n"
        assert not Path("/etc/made").exists()

    def test_the_working_directory_is_as_asked(self, pod: Pod) -> None:
        ended = pod.end_of(pod.start("pwd", working_dir="/usr"))

        assert pod.said(ended.id) == b"/usr\n"

    def test_the_pods_network_can_be_dialled(self, runtime: Runtime, pod: Pod) -> None:
        with socket.socket() as closed, pytest.raises(OSError):
            closed.bind(("127.0.0.1", 0))
            os.close(runtime.dial(pod.sandbox.id, closed.getsockname()[1]))

    def test_usage_is_told_for_what_runs(self, runtime: Runtime, pod: Pod) -> None:
        container = pod.start("sleep 1000")

        found = [usage for usage in runtime.usage() if usage.container_id == container]

        assert len(found) == 1
        assert found[0].memory >= 0

    @staticmethod
    def _wait_for_line(runtime: Runtime, container: str, wanted: bytes) -> None:
        for _, _, line in runtime.logs(container, follow=True, since=0, tail=-1):
            if line == wanted:
                return
