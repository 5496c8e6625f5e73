"""What commands say and do where a cluster runs: by its state file, whatever its configuration file says by now."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from sampan.contracts.components import Leftover
from sampan.errors import ConfigError
from sampan_operate.cli import sampan
from sampan_operate.supervisor import effective
from sampan_operate.supervisor.health import ProcessHealth
from sampan_operate.supervisor.health_server import HealthServer
from sampan_operate.supervisor.state import ProcessState, born, run_directory, take_lock, write_state
from sampan_server.plugins.plugins import Plugins
from sampan_settings import reservations
from sampan_settings.settings import load

TYPO = "apii: {port: 7199}\n"
NOT_YAML = "api: [\n"
WRONG = (TYPO, NOT_YAML, "plugins: {node: {no: 1}}\n", "network: {service_cidr: 10.9.0.0/16}\n")


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.delenv("SAMPAN_CONFIG", raising=False)
    monkeypatch.setenv("SAMPAN_HOME", str(tmp_path))
    return lambda *argv: CliRunner().invoke(sampan, argv)


@pytest.fixture
def running(tmp_path, monkeypatch):
    """A process that holds the home's lock and stands for a supervisor; ``running(**settings)`` writes its state."""
    started = []

    def begin(text="", processes=(), lock=True, **facts):
        (tmp_path / "sampan.yaml").write_text(text)
        held = take_lock(tmp_path) if lock else None
        keep = (held.fileno(),) if held else ()
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"], pass_fds=keep)
        started.append(process)
        if held:
            held.close()
        settings = effective.record(load(home=str(tmp_path), environ={}))
        facts = {"settings": settings, "config": str(tmp_path / "sampan.yaml"), **facts}
        write_state(tmp_path, process.pid, list(processes), **facts)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


def config(tmp_path, text=None):
    path = tmp_path / "sampan.yaml"
    if text is not None:
        path.write_text(text)
    return path.read_text()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--port", "7199"], "api.port is 6555, not 7199"),
        (["--runtime", "docker"], "node.runtime is exec, not docker"),
        (["--foreground", "--port", "7199"], "api.port is 6555, not 7199"),
        (["--no-node"], "node.enabled is True, not False"),
        (["--hollow", "3"], "plugins.hollow.nodes is another than is set"),
    ],
)
def test_up_with_other_flags_says_what_runs_and_what_differs_and_writes_nothing(run, running, tmp_path, argv, words):
    before = "api: {port: 6555}\nnode: {runtime: exec}\n"
    running(before)

    answer = run("up", *argv)

    assert isinstance(answer.exception, ConfigError)
    said = str(answer.exception)
    assert words in said and "https://127.0.0.1:6555" in said and "`sampan down`" in said
    assert config(tmp_path) == before


@pytest.mark.parametrize("command", ["prepare", "apiserver"])
def test_kubeconfigs_are_not_rewritten_for_another_port_than_the_one_that_runs(run, running, tmp_path, command):
    running("api: {port: 6555}\n")
    config(tmp_path, "api: {port: 7199}\n")

    answer = run(command)

    assert "api.port is 6555, not 7199" in str(answer.exception)
    assert not (tmp_path / "kubeconfig").exists()


def test_up_with_a_changed_file_says_so_too(run, running, tmp_path):
    running("api: {port: 6555}\n")
    config(
        tmp_path, "api: {port: 6555}\naddons: []\nstore: postgresql://u:secret@h/db\nplugins: {auth: {token_file: t}}\n"
    )

    said = str(run("up").exception)

    assert "addons is dns, not empty" in said
    assert "store is empty, not postgresql://u:…@h/db" in said
    assert "plugins.auth.token_file is another than is set" in said
    assert "secret" not in said


def test_a_flag_is_not_kept_where_the_start_fails(run, tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        answer = run("up", "--port", str(taken.getsockname()[1]))

    assert "cannot be listened on" in str(answer.exception)
    assert not (tmp_path / "sampan.yaml").exists()


@pytest.mark.parametrize("text", WRONG)
def test_down_stops_what_runs_whatever_the_file_holds(run, running, tmp_path, text):
    process = running()
    (tmp_path / "cluster.json").write_text('{"service_cidr": "127.96.0.0/16"}')
    config(tmp_path, text)

    answer = run("down")

    assert answer.exit_code == 0, answer.output
    assert "stopped" in answer.output
    assert process.wait(60) != 0


@pytest.mark.parametrize("text", WRONG)
def test_down_cleans_up_without_a_record_and_with_a_wrong_file(run, tmp_path, text):
    (tmp_path / "cluster.json").write_text('{"service_cidr": "127.96.0.0/16"}')
    config(tmp_path, text)

    answer = run("down")

    assert answer.exit_code == 0, answer.output
    assert "nothing runs in" in answer.output


@pytest.mark.parametrize("text", [TYPO, NOT_YAML])
def test_logs_are_shown_whatever_the_file_holds(run, tmp_path, text):
    config(tmp_path, text)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "sampan.log").write_text("a line\n")

    assert run("logs").output == "a line\n"
    assert run("logs", "--tail", "5").output == "a line\n"


def test_status_tells_what_runs_and_what_is_not_in_force(run, running, tmp_path):
    (tmp_path / "kubeconfig").write_text(KUBECONFIG.format(port=7199))
    running("api: {port: 6555}\n", [ProcessState("apiserver", pid=1, born=1, components=["apiserver"])])
    config(tmp_path, "api: {port: 7199}\n")

    said = run("status").output

    assert "https://127.0.0.1:6555 does not answer" in said
    assert "api.port is 6555, not 7199; it counts from the next start" in said
    row = next(line for line in said.splitlines() if line.startswith("apiserver"))
    assert row.split()[1] == "-"  # its pid is another process's by now

    config(tmp_path, TYPO)
    assert "apii is not a setting" in run("status").output


def test_status_of_a_killed_supervisor_does_not_say_that_it_runs(run, running, tmp_path):
    process = running()
    lock = take_lock(tmp_path)
    assert lock is None
    process.kill()
    process.wait()
    with take_lock(tmp_path):  # what the supervisor left still holds it
        answer = run("status")

    assert answer.exit_code == 1
    assert "the supervisor was killed" in answer.output


def test_status_before_the_first_state_says_that_it_starts(run, tmp_path):
    with take_lock(tmp_path):
        answer = run("status")

    assert (answer.exit_code, answer.output) == (1, f"starting (home {tmp_path})\n")


def test_a_pid_that_is_another_process_by_now_is_not_signalled(run, running, tmp_path):
    process = running("addons: []\n")
    write_state(tmp_path, process.pid, [])
    state = (tmp_path / "run" / "state.json").read_text()
    (tmp_path / "run" / "state.json").write_text(state.replace(str(born(process.pid)), "7"))

    answer = run("addons", "enable", "dns")

    assert "does not answer" in str(answer.exception)
    assert process.poll() is None


def test_an_addon_is_not_enabled_in_a_file_that_the_cluster_does_not_read(run, running, tmp_path):
    running("addons: []\n", config="/etc/other.yaml")

    answer = run("addons", "enable", "dns")

    assert "the running cluster reads /etc/other.yaml" in str(answer.exception)
    assert config(tmp_path) == "addons: []\n"


def test_an_addon_that_was_only_written_down_is_not_starting(run, running, tmp_path):
    running("addons: []\n")
    config(tmp_path, "addons: [dns]\n")

    row = next(line for line in run("addons", "list").output.splitlines() if line.startswith("dns"))

    assert row.split()[1:3] == ["yes", "stopped"]
    assert "`sampan addons enable dns` starts it" in row


@pytest.fixture
def part(tmp_path):
    """A node that `sampan node` runs, as far as it can be seen."""
    health = ProcessHealth(["node", "proxy"])
    health.reporter("node").ready("node n runs pods by the exec runtime; agent on port 1")
    health.reporter("proxy").failing("no packets")
    exposure = HealthServer(health)
    exposure.on_file(run_directory(tmp_path) / "alone-node-proxy.sock")
    yield health
    exposure.close()


def test_down_leaves_parts_alone_that_it_has_not_started(run, part, tmp_path):
    (tmp_path / "cluster.json").write_text('{"service_cidr": "127.96.0.0/16"}')

    answer = run("down")

    assert isinstance(answer.exception, ConfigError)
    assert "node-proxy (pid" in str(answer.exception)


def test_status_and_doctor_see_parts(run, part):
    status, doctor = run("status"), run("doctor")

    assert "node-proxy" in status.output and "failing   proxy: no packets" in status.output
    assert "node-proxy runs (pid" in doctor.output and "proxy is failing: no packets" in doctor.output
    assert "runs pods by the exec runtime" in doctor.output


def test_doctor_tells_what_runs_and_not_what_is_configured(run, running, tmp_path):
    running("api: {port: 6555}\nnode: {runtime: exec}\n", [])
    config(tmp_path, "api: {port: 7199}\nnode: {runtime: docker}\n")

    said = run("doctor").output

    assert "does not answer at https://127.0.0.1:6555" in said
    assert "note  api.port is 6555, not 7199 as the configuration file says" in said
    assert "run as containers" not in said and "7199 is free" not in said

    config(tmp_path, TYPO)
    assert "note  " in run("doctor").output


def test_doctor_goes_by_the_runtime_that_is_set(run, tmp_path):
    config(tmp_path, "node: {runtime: exec}\n")

    said = run("doctor").output

    assert "pods run as host processes (exec runtime), as node.runtime says" in said
    assert "run as containers" not in said


def test_doctor_names_what_only_gone_homes_have_left(run, tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    found = [
        Leftover(what="a rule", remove="iptables -D it", home="/gone/away"),
        Leftover(what="a table", remove="nft delete it", home_id="unknown"),
        Leftover(what="a box", remove="docker rm it", home=str(tmp_path / "there")),
        Leftover(what="its own", remove="-", home_id=reservations.home_id(tmp_path)),
        Leftover(what="a running one's", remove="-", home_id="running"),
    ]
    held = [reservations.Reservation("running", "", "10.1.0.0/16", "1-2", "127.250.1.0/24")]
    monkeypatch.setattr(reservations, "held", lambda: held)
    monkeypatch.setattr(Plugins, "ask", lambda self, hook, *_: [("x", found)] if hook == "contribute_leftovers" else [])

    lines = [line for line in run("doctor").output.splitlines() if "left on this machine" in line]

    assert lines == [
        "note  left on this machine: a rule, of the home at /gone/away, which is gone; `iptables -D it` removes it",
        "note  left on this machine: a table, of a home that is not known here; `nft delete it` removes it",
    ]


KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{{name: c, cluster: {{server: "https://127.0.0.1:{port}"}}}}]
users: [{{name: u, user: {{token: t}}}}]
contexts: [{{name: x, context: {{cluster: c, user: u}}}}]
current-context: x
"""
