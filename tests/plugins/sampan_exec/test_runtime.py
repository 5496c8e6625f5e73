import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from sampan_exec import processes
from sampan_exec.records import read
from sampan_exec.runtime import ExecRuntime
from sampan_exec.watcher import Watcher
from sampan_runtime.contracts import ContainerSpec, RuntimeFailure
from sampan_testing.runtime import Pod, RuntimeContract


class TestExecRuntime(RuntimeContract):
    @pytest.fixture
    def runtime(self, tmp_path):
        runtime = ExecRuntime(tmp_path / "exec")
        self.mounts = runtime.has_mounts
        yield runtime
        for sandbox in runtime.sandboxes():
            runtime.remove_sandbox(sandbox.id)
        runtime.close()

    @pytest.fixture
    def image(self):
        return "busybox:1"

    def test_another_agent_finds_what_runs(self, runtime, pod, tmp_path):
        container = pod.start("trap 'exit 9' TERM; echo up; while :; do sleep 0.05; done")
        self._wait_for_line(runtime, container, b"up\n")

        later = ExecRuntime(tmp_path / "exec")

        assert [(one.id, one.state) for one in later.containers()] == [(container, "running")]
        later.stop_container(container, 10)
        assert later.containers()[0].exit_code == 9
        later.close()

    def test_all_that_a_container_started_ends_with_it(self, runtime, pod):
        container = pod.start("setsid sh -c 'sleep 1000 & sleep 1000' & echo up; wait")
        self._wait_for_line(runtime, container, b"up\n")
        state = read(runtime._records.container_folder(container) / "state.json")
        tree = processes.tree(state["launcher"])

        runtime.stop_container(container, 0)

        assert len(tree) >= 2
        assert not [pid for pid in tree if processes.start_time(pid)]

    def test_a_container_does_not_survive_its_launcher_unseen(self, runtime, pod):
        container = pod.start("sleep 1000")
        state = read(runtime._records.container_folder(container) / "state.json")

        os.kill(state["launcher"], signal.SIGKILL)

        pod.until(lambda: pod.find(container).state == "exited")
        assert pod.find(container).exit_code == 137

    def test_what_lost_its_launcher_while_no_agent_ran_is_ended(self, runtime, pod, tmp_path):
        container = pod.start("sleep 1000")
        state = read(runtime._records.container_folder(container) / "state.json")
        runtime._watcher.close()  # no watcher looks
        os.kill(state["launcher"], signal.SIGKILL)
        os.waitpid(state["launcher"], 0)

        later = ExecRuntime(tmp_path / "exec")

        assert later.containers()[0].exit_code == 137
        pod.until(lambda: not processes.start_time(state["pid"]))  # killed is not yet ended
        later.close()
        runtime._watcher = Watcher(runtime._container_ended)

    def test_a_container_whose_report_was_not_heard_is_stopped_all_the_same(self, runtime, pod):
        container = pod.start("sleep 1000")
        state = read(runtime._records.container_folder(container) / "state.json")
        runtime._ended.clear()  # as where the agent was killed between the launcher's start and its report

        runtime.remove_container(container)

        assert not processes.start_time(state["pid"])

    def test_what_an_agent_had_only_begun_is_forgotten(self, runtime, tmp_path):
        for name in ("sandboxes/a", "containers/b/root"):
            (tmp_path / "exec" / name).mkdir(parents=True)

        later = ExecRuntime(tmp_path / "exec")

        assert not list((tmp_path / "exec").glob("*/?"))
        later.close()

    def test_pods_have_addresses_of_their_own(self, runtime, image, pod):
        other = Pod(runtime, image)

        assert other.sandbox.ip != pod.sandbox.ip
        assert other.sandbox.ip.startswith("127.")

    def test_an_image_without_a_command_cannot_be_created(self, runtime, pod):
        with pytest.raises(RuntimeFailure, match="the container needs a command"):
            runtime.create_container(
                pod.sandbox.id, ContainerSpec(name="a", attempt=0, image="registry.example/nginx:1")
            )

    def test_a_python_image_finds_an_interpreter(self, runtime, pod):
        spec = ContainerSpec(name="a", attempt=0, image="python:3.12-slim", command=["python", "-c", "print(6*7)"])
        container = runtime.create_container(pod.sandbox.id, spec)
        runtime.start_container(container)

        assert pod.said(pod.end_of(container).id) == b"42\n"

    def test_the_resolver_is_the_pods(self, runtime, image):
        pod = Pod(
            runtime, image, dns_servers=["10.96.0.10"], dns_searches=["svc.cluster.local"], dns_options=["ndots:5"]
        )
        if not runtime.has_mounts:
            return

        ended = pod.end_of(pod.start("cat /etc/resolv.conf"))

        assert pod.said(ended.id) == b"nameserver 10.96.0.10\nsearch svc.cluster.local\noptions ndots:5\n"

    def test_without_mount_namespaces_volumes_are_below_a_named_root(self, runtime, pod, tmp_path):
        from sampan_runtime.contracts import Mount

        runtime.has_mounts = False
        (tmp_path / "key").write_text("value\n")

        mounts = [Mount(str(tmp_path / "key"), "/etc/app/key")]
        ended = pod.end_of(pod.start("cat $SAMPAN_MOUNT_ROOT/etc/app/key", mounts=mounts))

        assert pod.said(ended.id) == b"value\n"

    def test_closing_ends_the_events(self, tmp_path):
        runtime = ExecRuntime(tmp_path / "other")
        seen = []
        thread = threading.Thread(target=lambda: seen.extend(runtime.events()))
        thread.start()

        runtime.close()

        thread.join(30)
        assert not thread.is_alive()

    @pytest.mark.root
    def test_a_numeric_user_is_honoured(self, runtime, pod):
        ended = pod.end_of(pod.start("id -u; id -g; id -G", user="1000:2000", groups=[2000, 3000], working_dir="/"))

        assert pod.said(ended.id) == b"1000\n2000\n2000 3000\n"
        assert Path("/").is_dir()

    @pytest.mark.root
    def test_another_user_has_a_directory_of_its_own_although_the_home_is_the_agent_s(self, runtime, pod, tmp_path):
        tmp_path.chmod(0o700)

        ended = pod.end_of(pod.start("echo mine > file && cat file", user="1000:1000"))

        assert pod.said(ended.id) == b"mine\n"

    def test_what_is_noted_of_a_container_is_for_the_agent_alone(self, runtime, pod):
        container = pod.start("true", env={"PASSWORD": "secret"})

        for file in runtime._records.container_folder(container).glob("*.json"):
            assert file.stat().st_mode & 0o077 == 0

    def test_no_secret_of_the_environment_is_an_argument_that_all_can_see(self, runtime, pod, monkeypatch):
        container = pod.start("sleep 1000", env={"PASSWORD": "hunter2"})
        seen, popen = [], subprocess.Popen
        monkeypatch.setattr("subprocess.Popen", lambda argv, **options: seen.extend(argv) or popen(argv, **options))

        code, said = runtime.exec_sync(container, ["/bin/sh", "-c", "echo $PASSWORD"], 20)

        assert (code, said) == (0, b"hunter2\n")
        assert seen and not [word for word in seen if "hunter2" in word]
