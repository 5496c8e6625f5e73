from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner

from sampan import KUBERNETES_VERSION, __version__
from sampan.errors import ConfigError
from sampan_operate.cli import COMMANDS, main, sampan
from sampan_operate.cli.configuration import change
from sampan_operate.cli.logs import in_words
from sampan_settings.settings import load


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The command with a home of the test's own."""
    monkeypatch.delenv("SAMPAN_CONFIG", raising=False)
    monkeypatch.setenv("SAMPAN_HOME", str(tmp_path))

    def call(*argv):
        return CliRunner().invoke(sampan, argv)

    return call


def test_it_says_its_version_and_commands(run):
    assert run("--version").output == f"sampan {__version__} (Kubernetes {KUBERNETES_VERSION})\n"
    shown = run("--help").output
    assert all(name in shown for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(run, name):
    answer = run(name, "--help")

    assert answer.exit_code == 0
    assert name in answer.output and "--help" in answer.output


def test_an_unknown_command_is_refused_with_a_suggestion(run):
    answer = run("stats")

    assert answer.exit_code == 2
    assert "no such command 'stats' (did you mean 'status'?)" in answer.output


def test_plugins_are_listed_with_their_state(run, tmp_path):
    (tmp_path / "sampan.yaml").write_text("disable: [gc]\n")

    lines = [line.split() for line in run("plugins", "list").output.splitlines()]

    assert lines[0][:2] == ["PLUGIN", "STATE"]
    states = {line[0]: line[1] for line in lines[1:]}
    assert states["gc"] == "off"
    assert states["rbac"] == "on"
    assert "dns" not in states


def test_add_ons_are_enabled_and_disabled_on_a_stopped_home(run, tmp_path):
    assert "dns           no" in _after(run, "disable")
    assert load(home=str(tmp_path), environ={}).addons == ()
    assert "dns           yes" in _after(run, "enable")
    assert load(home=str(tmp_path), environ={}).addons == ("dns",)


LEFT = "  what it shipped stays in the cluster; disable it once more while it runs to remove that\n"


def _after(run, verb):
    answer = run("addons", verb, "dns")
    assert answer.output == f"dns is {verb}d\n  it counts from the next `sampan up`\n" + (
        LEFT if verb == "disable" else ""
    )
    return run("addons", "list").output


def test_an_unknown_add_on_is_refused(run):
    assert isinstance(run("addons", "enable", "dsn").exception, ConfigError)


def test_doctor_names_what_prevents_a_cluster(run, tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        (tmp_path / "sampan.yaml").write_text(f"api: {{port: {taken.getsockname()[1]}}}\n")
        answer = run("doctor")

    assert answer.exit_code == 1
    assert "bad   127.0.0.1:" in answer.output


def test_logs_are_shown_in_words(run, tmp_path):
    assert run("logs").output == f"no log yet: {tmp_path}/logs/sampan.log\n"
    (tmp_path / "logs").mkdir()
    entry = {"time": "T", "level": "info", "logger": "x", "message": "hello", "traceback": "Traceback"}
    (tmp_path / "logs" / "sampan.log").write_text("plain\n" + json.dumps(entry) + "\n")

    assert run("logs").output == "plain\nT info    x: hello\nTraceback\n"
    assert run("logs", "--tail", "1").output == "T info    x: hello\nTraceback\n"
    assert run("logs", "--tail", "0").output == ""


def test_a_line_that_is_no_entry_stays_as_it_is():
    assert in_words('{"a": 1}\n') == '{"a": 1}'
    assert in_words("[1]\n") == "[1]"


def test_nothing_runs_in_an_empty_home(run, tmp_path):
    assert run("status").exit_code == 1
    assert run("down").output == f"nothing runs in {tmp_path}\n"


def test_a_change_keeps_what_was_written_and_is_checked_first(tmp_path):
    path = tmp_path / "sampan.yaml"
    path.write_text("network: {domain: x.local}\n")
    settings = load(home=str(tmp_path), environ={})

    fresh = change(settings, {"network": {"node_ports": "31000-32000"}, "addons": []})

    assert (fresh.network.domain, fresh.network.node_ports, fresh.addons) == ("x.local", "31000-32000", ())
    before = path.read_text()
    with pytest.raises(ConfigError):
        change(settings, {"network": {"node_ports": "x"}})
    assert path.read_text() == before
    assert os.listdir(tmp_path) == ["sampan.yaml"]


def test_an_error_of_ours_is_one_sentence(run, tmp_path, capsys):
    (tmp_path / "sampan.yaml").write_text("adons: []\n")

    with pytest.raises(SystemExit) as end:
        main(["plugins", "list"])

    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("sampan: ")


def test_prepare_makes_what_an_api_server_needs_and_starts_nothing(run, tmp_path):
    (tmp_path / "sampan.yaml").write_text("api: {port: 7443}\nnetwork: {service_cidr: 10.99.0.0/16}\n")

    answer = run("prepare")

    assert answer.exit_code == 0, answer.output
    assert "is ready for an API server at https://127.0.0.1:7443" in answer.output
    assert (tmp_path / "pki" / "nginx-client.key").exists()
    assert (tmp_path / "kubeconfig").exists()
    assert not (tmp_path / "run").exists()


def test_version_says_ours_and_that_no_cluster_answers(run):
    found = json.loads(run("version", "-o", "json").output)

    assert (found["sampan"], found["kubernetes"], found["server"]) == (__version__, KUBERNETES_VERSION, None)
    assert "server      does not answer" in run("version").output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_that_completes(run, shell):
    assert "_SAMPAN_COMPLETE" in run("completion", shell).output


def test_commands_are_completed(run, monkeypatch, capsys):
    monkeypatch.setenv("COMP_WORDS", "sampan st")
    monkeypatch.setenv("COMP_CWORD", "1")
    monkeypatch.setenv("_SAMPAN_COMPLETE", "bash_complete")

    with pytest.raises(SystemExit):
        main([])

    assert "plain,status" in capsys.readouterr().out.splitlines()


def test_status_in_json_says_that_nothing_runs(run, tmp_path):
    answer = run("status", "-o", "json")

    assert answer.exit_code == 1
    assert json.loads(answer.output) == {"home": str(tmp_path), "running": False, "well": False}


def test_a_runtime_that_no_plugin_provides_is_refused_before_anything_is_made(run, tmp_path):
    answer = run("--home", str(tmp_path / "home"), "up", "--runtime", "dokcer")

    assert "there are auto, cri, docker, exec" in str(answer.exception)
    assert not (tmp_path / "home").exists()
