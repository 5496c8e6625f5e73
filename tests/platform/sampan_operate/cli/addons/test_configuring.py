from __future__ import annotations

import json

import pytest

from sampan.errors import ConfigError
from sampan_dns.plugin import Settings
from sampan_operate.cli.addons.configuring import sentences


def test_without_arguments_settings_are_shown_with_values_defaults_and_meaning(run, write):
    write("plugins: {dns: {port: 53}}\n")

    shown = run("configure", "dns").output

    assert "port = 53  (default 0)\n    Port to listen on; 0: a free one" in shown
    assert "upstream = []  (default)\n" in shown


def test_a_setting_is_written_beside_what_is_there(run, write, tmp_path):
    write("# mine\nplugins:\n  dns:\n    port: 53  # fixed\naddons: []\n")

    answer = run("configure", "dns", "upstream=[10.0.0.1]", "publish=false")

    assert answer.output == "dns is configured\n  it is not enabled\n"
    assert (tmp_path / "sampan.yaml").read_text() == (
        "# mine\nplugins:\n  dns:\n    port: 53  # fixed\n    upstream: [10.0.0.1]\n    publish: false\naddons: []\n"
    )


def test_a_setting_is_taken_back(run, write, tmp_path):
    write("addons: []\nplugins:\n  dns:\n    port: 53\n")

    assert run("configure", "dns", "port-").exit_code == 0
    assert (tmp_path / "sampan.yaml").read_text() == "addons: []\n"
    assert run("configure", "dns", "port-").output == "dns is set so already\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["prt=53"], "plugins.dns.prt is not a setting (did you mean 'port'?)"),
        (["prt-"], "plugins.dns.prt is not a setting (did you mean 'port'?)"),
        (["port=x"], "plugins.dns.port must be a whole number, not 'x'"),
        (["port"], "'port' is not key=value"),
    ],
)
def test_a_wrong_setting_is_refused_and_nothing_written(run, words, message, tmp_path):
    answer = run("configure", "dns", *words)

    assert isinstance(answer.exception, ConfigError)
    assert str(answer.exception).startswith(message)
    assert not (tmp_path / "sampan.yaml").exists()


def test_a_stopped_cluster_takes_it_up_later(run):
    assert run("configure", "dns", "port=53").output == "dns is configured\n  it counts from the next `sampan up`\n"


def test_the_sentences_are_those_under_the_fields():
    assert sentences(Settings)["address"] == "Address to listen on; empty: where pods reach this machine."
    assert sentences(None) == {}


def test_the_file_that_is_named_is_the_one_that_is_written(run, tmp_path, monkeypatch):
    other = tmp_path / "other.yaml"
    other.write_text("addons: []\n")
    monkeypatch.setenv("SAMPAN_CONFIG", str(other))

    run("enable", "dns")

    assert other.read_text() == "addons: [dns]\n"
    assert not (tmp_path / "sampan.yaml").exists()


def test_the_settings_are_described_for_programs(run, write):
    write("plugins: {dns: {port: 53}}\n")

    found = json.loads(run("configure", "dns", "-o", "json").output)

    port = found["schema"]["properties"]["port"]
    assert (port["type"], port["default"], port["description"][:14]) == ("integer", 0, "Port to listen")
    assert (found["values"]["port"], found["set"]) == (53, ["port"])
    assert isinstance(run("configure", "dns", "port=1", "-o", "json").exception, ConfigError)


def test_every_add_on_can_be_described(run):
    for each in json.loads(run("list", "-o", "json").output):
        found = json.loads(run("configure", each["name"], "-o", "json").output)

        assert found["values"].keys() == found["schema"]["properties"].keys()
        assert all(field.get("description") for field in found["schema"]["properties"].values()), each["name"]
