from __future__ import annotations

from pathlib import Path

import pytest

from sampan.errors import ConfigError
from sampan_operate.supervisor.cluster import require_runtime
from sampan_server.plugins.plugins import Plugins
from sampan_settings.settings import Settings, load, parse


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
        ({"api": {"port": "x"}}, "api.port must be a whole number, not 'x'"),
        ({"api": {"port": True}}, "api.port must be a whole number, not True"),
        ({"api": {"port": 70000}}, "api.port must be 1 to 65535, not 70000"),
        ({"api": {"workers": 0}}, "api.workers must be at least 1"),
        ({"api": 3}, "api must be a mapping"),
        ({"addons": "dns"}, "addons must be a list of words, not 'dns'"),
        ({"addons": [1]}, "addons must be a list of words"),
        ({"plugins": []}, "plugins must be a mapping"),
        ({"plugins": {"auth": 3}}, "plugins.auth must be a mapping, not 3"),
        ({"node": {"enabled": "yes"}}, "node.enabled must be true or false, not 'yes'"),
        ({"network": {"service_cidr": "10.0.0.1/8"}}, "network.service_cidr: 10.0.0.1/8 has host bits set"),
        ({"network": {"node_ports": "9-5"}}, "network.node_ports must look like 30000-32767, not '9-5'"),
        ({"home": 3}, "home must be text, not 3"),
        ({"home": ""}, "home must name a directory"),
        ({"store": "/var/store.db"}, "store must look like sqlite:///path or etcd://host:2379, not '/var/store.db'"),
        ({"api": {"host": "a b"}}, "api.host must be an IP address or a host name, not 'a b'"),
        ({"api": {"advertise": "example.org"}}, "api.advertise must be an IP address, not 'example.org'"),
        ({"api": {"names": ["ok.example", "a_b;c"]}}, "api.names must have IP addresses and host names, not 'a_b;c'"),
        ({"api": {"names": ["a.example", "a.example"]}}, "api.names must not name one twice"),
        ({"network": {"domain": "a b;c"}}, "network.domain must be a DNS name in lower case, not 'a b;c'"),
        ({"network": {"service_cidr": "10.0.0.0/29"}}, "network.service_cidr must be a network of /12 to /28"),
        ({"network": {"service_cidr": "0.0.0.0/0"}}, "network.service_cidr must be a network of /12 to /28"),
        ({"network": {"service_cidr": "10.244.0.0/16"}}, "network.pod_cidr 10.244.0.0/16 overlap"),
        ({"node": {"name": "Bad Name/.."}}, "node.name must be a DNS name in lower case, not 'Bad Name/..'"),
        ({"node": {"ip": "here"}}, "node.ip must be an IP address, not 'here'"),
        ({"node": {"kubelet_port": 70000}}, "node.kubelet_port must be 0 to 65535, not 70000"),
        ({"node": {"runtime": "../docker"}}, "node.runtime must look like auto, docker or exec"),
        ({"logs": {"megabytes": 0}}, "logs.megabytes must be 1 to 4096, not 0"),
        ({"admission": ["a", "a"]}, "admission must not name one twice: a, a"),
        ({"disable": [""]}, "disable must be a word, not ''"),
        ({"deadlines": {"boot": 0}}, "deadlines.boot must be 0.1 to 3600, not 0.0"),
        ({"deadlines": {"request": float("nan")}}, "deadlines.request must be 0.01 to 3600, not nan"),
        ({"deadlines": {"misses": 0}}, "deadlines.misses must be at least 1, not 0"),
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


def test_whole_seconds_are_seconds():
    assert parse({"deadlines": {"boot": 5}}).deadlines.boot == 5.0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\n", "not UTF-8 (at byte 0); write it again as UTF-8 text"),
        (b"home: 2001-13-45\n", "not YAML"),
        (None, "cannot be read (Is a directory); name another file with --config"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, words):
    path = tmp_path / "sampan.yaml"
    path.mkdir() if content is None else path.write_bytes(content)

    with pytest.raises(ConfigError) as refused:
        load(home=str(tmp_path), environ={})

    assert str(path) in str(refused.value) and words in str(refused.value)


@pytest.mark.parametrize(
    ("name", "section", "words"),
    [
        ("dns", {"port": 70000}, "plugins.dns.port must be 0 to 65535, not 70000"),
        ("dns", {"upstream": ["10.0.0.1:x"]}, "plugins.dns.upstream must look like 10.0.0.1 or 10.0.0.1:53"),
        ("dns", {"upstream": [1]}, "plugins.dns.upstream must be a list of words, not [1]"),
        ("metrics", {"interval": float("inf")}, "plugins.metrics.interval must be a number, not inf"),
        ("logging", {"urls": ["ftp://x"]}, "plugins.logging.urls must begin with http:// or https://, not 'ftp://x'"),
        ("ingress", {"http_port": -1}, "plugins.ingress.http_port must be 0 to 65535, not -1"),
        ("node", {"max_pods": 0}, "plugins.node.max_pods must be at least 1, not 0"),
        ("scheduler", {"names": []}, "plugins.scheduler.names must have at least 1 entry"),
        ("autoscaling", {"sync_period": 0}, "plugins.autoscaling.sync_period must be at least 0.01, not 0"),
    ],
)
def test_a_plugins_own_settings_have_bounds(name, section, words):
    with pytest.raises(ConfigError) as refused:
        Plugins(addons=["dns", "metrics", "logging", "ingress"], settings={name: section})

    assert words in str(refused.value)


@pytest.mark.parametrize(("runtime", "words"), [("foo", "there are auto, cri, docker, exec"), ("dokcer", "'docker'?")])
def test_a_runtime_that_no_plugin_provides_is_refused(runtime, words):
    with pytest.raises(ConfigError) as refused:
        require_runtime(parse({"node": {"runtime": runtime}}), Plugins())

    assert f"node.runtime is {runtime!r}, which no plugin provides" in str(refused.value)
    assert words in str(refused.value)


def test_a_joined_home_names_another_machines_server():
    settings = parse({"node": {"server": "https://192.0.2.1:6443"}})

    assert settings.joined and settings.server_url == "https://192.0.2.1:6443"
    assert not parse({}).joined


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"node": {"server": "192.0.2.1"}}, "node.server must look like"),
        ({"network": {"mode": "bridged"}}, "network.mode must be one of local, routed"),
        ({"network": {"mode": "routed", "node_cidr_mask": 12}}, "node_cidr_mask must be 16 to 30"),
        ({"network": {"node_cidr_mask": 64}}, "node_cidr_mask must be 16 to 30"),
        ({"network": {"mode": "routed", "pod_cidr": "10.0.0.0/8", "node_cidr_mask": 28}}, "must be 8 to 24"),
    ],
)
def test_ranges_of_nodes_have_bounds(data, words):
    with pytest.raises(ConfigError, match=words):
        parse(data)


@pytest.mark.parametrize(("text", "seconds"), [("5m", 300), ("1h", 3600), ("7d", 604_800), ("300s", 300)])
def test_history_is_a_time(text, seconds):
    assert parse({"history": text}).history_seconds == seconds


@pytest.mark.parametrize("text", ["1m", "soon", "400d", "-1h", "1.5h", ""])
def test_a_history_that_is_none_or_too_short_or_long_is_refused(text):
    with pytest.raises(ConfigError, match=r"history must be 5m to 365d, such as 30m, 1h or 7d"):
        parse({"history": text})
