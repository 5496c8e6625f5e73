"""What the commands say of a plugin or add-on whose libraries are not installed."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from sampan.contracts.options import ClusterOptions
from sampan.errors import ConfigError, PluginError
from sampan_operate.cli import sampan
from sampan_operate.cli.addons.states import states
from sampan_operate.supervisor import cluster
from sampan_operate.supervisor.alone import load_addon
from sampan_server.plugins import extras
from sampan_settings.settings import parse

DOCKER = "needs docker, which is not installed: pip install 'sampan[docker]' and start again"
DNS = "needs dnslib, which is not installed: pip install 'sampan[dns]' and start again"


@pytest.fixture(autouse=True)
def core_alone(monkeypatch):
    monkeypatch.setattr(extras, "_is_installed", lambda name: name not in ("docker", "dnslib", "grpcio"))


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.delenv("SAMPAN_CONFIG", raising=False)
    monkeypatch.setenv("SAMPAN_HOME", str(tmp_path))
    return lambda *argv: CliRunner().invoke(sampan, argv)


def test_the_list_of_plugins_says_unavailable_and_why(run):
    lines = run("plugins", "list").output.splitlines()

    at = next(number for number, line in enumerate(lines) if line.startswith("docker"))
    assert lines[at].split()[1] == "unavailable"
    assert lines[at + 1] == f"    {DOCKER}"


def test_one_plugin_is_shown_with_the_way_out(run):
    said = run("plugins", "show", "docker").output

    assert "state     unavailable\n" in said
    assert f"left out  {DOCKER}\n" in said


def test_doctor_names_each_and_finds_nothing_bad_in_it(run):
    said = run("doctor").output

    assert "ok    every other plugin loads\n" in said
    assert f"note  plugin docker is left out: it {DOCKER}\n" in said
    assert f"note  add-on dns is left out: it {DNS}\n" in said


def test_doctor_says_why_nothing_opens_the_store(run, tmp_path):
    (tmp_path / "sampan.yaml").write_text("store: etcd://127.0.0.1:2379\n")

    said = run("doctor").output

    assert "bad   no plugin opens the store etcd://127.0.0.1:2379; plugin etcd is left out: it needs grpcio" in said


def test_an_add_on_is_unavailable(tmp_path):
    found = {state.name: state for state in states(parse({"home": str(tmp_path)}))}

    assert (found["dns"].state, found["dns"].words) == ("unavailable", DNS)
    assert found["metrics"].state == "off"


def test_an_add_on_that_cannot_run_is_not_said_to_be_enabled(run):
    assert str(run("addons", "enable", "dns").exception) == f"dns is enabled, but it {DNS}"


def test_an_add_on_does_not_run_alone():
    with pytest.raises(PluginError, match="dnslib"):
        load_addon("dns", {})


def test_a_runtime_that_is_asked_for_is_missed_with_the_way_out():
    settings = parse({"node": {"runtime": "docker"}})

    with pytest.raises(ConfigError) as error:
        cluster.require_runtime(settings, cluster.load_plugins(settings))

    assert "there are auto, exec; cri needs grpcio" in str(error.value)
    assert f"; docker {DOCKER}" in str(error.value)


def test_a_store_that_is_asked_for_is_missed_with_the_way_out(tmp_path):
    from sampan_server.wsgi import build

    settings = parse({"home": str(tmp_path), "store": "etcd://127.0.0.1:2379"})

    with pytest.raises(ConfigError, match=r"no plugin opens a store of the kind 'etcd'.*the plugin etcd needs grpcio"):
        build(settings, cluster.load_plugins(settings), ClusterOptions())
