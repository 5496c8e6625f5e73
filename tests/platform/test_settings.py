from __future__ import annotations

from pathlib import Path

import pytest

from sampan.errors import ConfigError
from sampan.settings import Settings, load, parse


def test_a_missing_default_file_means_all_defaults(tmp_path):
    settings = load(home=str(tmp_path), environ={})

    assert settings.home == tmp_path
    assert settings.store_url == f"sqlite://{tmp_path}/store.db"
    assert settings.server_url == "https://127.0.0.1:6443"
    assert settings.addons == ("dns",)


def test_the_file_in_home_counts(tmp_path):
    (tmp_path / "sampan.yaml").write_text("api: {port: 7000, host: '::1'}\naddons: []\nplugins: {auth: {a: 1}}\n")

    settings = load(environ={"SAMPAN_HOME": str(tmp_path)})

    assert settings.server_url == "https://[::1]:7000"
    assert settings.addons == ()
    assert settings.plugins == {"auth": {"a": 1}}


def test_flags_beat_the_environment_and_the_environment_the_file(tmp_path):
    file = tmp_path / "other.yaml"
    file.write_text("home: /from/file\n")

    assert load(config=str(file), environ={}).home == Path("/from/file")
    assert load(environ={"SAMPAN_CONFIG": str(file)}, home="/from/flag").home == Path("/from/flag")


def test_a_named_file_has_to_be_there(tmp_path):
    with pytest.raises(ConfigError, match="no such configuration file"):
        load(config=str(tmp_path / "none.yaml"), environ={})


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"adons": []}, "adons is not a setting (did you mean 'addons'?)"),
        ({"api": {"prot": 1}}, "api.prot is not a setting (did you mean 'port'?)"),
        ({"api": {"port": "x"}}, "api.port must be int, not 'x'"),
        ({"api": {"port": True}}, "api.port must be int, not True"),
        ({"api": {"port": 70000}}, "api.port must be 1 to 65535, not 70000"),
        ({"api": {"workers": 0}}, "api.workers must be at least 1"),
        ({"api": 3}, "api must be a mapping"),
        ({"addons": "dns"}, "addons must be a list of words, not 'dns'"),
        ({"addons": [1]}, "addons must be a list of words"),
        ({"plugins": []}, "plugins must be a mapping"),
        ({"plugins": {"auth": 3}}, "plugins.auth must be a mapping, not 3"),
        ({"node": {"enabled": "yes"}}, "node.enabled must be bool, not 'yes'"),
        ({"network": {"service_cidr": "10.0.0.1/8"}}, "network.service_cidr: 10.0.0.1/8 has host bits set"),
        ({"network": {"node_ports": "9-5"}}, "network.node_ports must look like 30000-32767, not '9-5'"),
        ({"home": 3}, "home must be text, not 3"),
    ],
)
def test_what_is_wrong_is_named_with_the_way_out(data, sentence):
    with pytest.raises(ConfigError) as refused:
        parse(data)

    assert sentence in str(refused.value)


@pytest.mark.parametrize(("text", "sentence"), [("a: [", "not YAML"), ("- 1", "a mapping of settings is expected")])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text, sentence):
    (tmp_path / "sampan.yaml").write_text(text)

    with pytest.raises(ConfigError, match=sentence):
        load(home=str(tmp_path), environ={})


def test_an_empty_file_is_fine(tmp_path):
    (tmp_path / "sampan.yaml").write_text("# nothing\n")

    assert load(home=str(tmp_path), environ={}).api == Settings().api
