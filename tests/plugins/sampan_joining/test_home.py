from __future__ import annotations

import pytest
import yaml

from sampan.errors import ConfigError
from sampan_joining import home as homes
from sampan_joining.certificates import Issued
from sampan_joining.clusterinfo import Network
from sampan_joining.home import NodeFacts
from sampan_settings.settings import load

NETWORK = Network("routed", "10.244.0.0/16", 24, "10.96.0.0/16", "30000-32767", "cluster.local")
FACTS = NodeFacts("b", "192.0.2.2", "exec")
URL = "https://192.0.2.1:6443"


def test_the_settings_are_those_of_a_node_alone(tmp_path):
    homes.write_settings(tmp_path, URL, FACTS, NETWORK)

    found = load(home=str(tmp_path), environ={})
    assert found.joined and found.server_url == URL and found.addons == ()
    assert (found.node.name, found.node.ip, found.node.runtime) == ("b", "192.0.2.2", "exec")
    assert (found.network.mode, found.network.service_cidr) == ("routed", "10.96.0.0/16")


def test_what_a_user_has_set_before_stays_but_for_what_the_cluster_decides(tmp_path):
    given = {"plugins": {"node": {"max_pods": 20}}, "network": {"domain": "mine"}, "logs": {"keep": 1}}
    (tmp_path / "sampan.yaml").write_text(yaml.safe_dump(given))
    homes.write_settings(tmp_path, URL, NodeFacts("b", "192.0.2.2", "exec", 10250), NETWORK)

    found = load(home=str(tmp_path), environ={})
    assert found.plugins == {"node": {"max_pods": 20}} and found.logs.keep == 1
    assert found.network.domain == "cluster.local" and found.node.kubelet_port == 10250


def test_the_home_of_a_cluster_is_not_overwritten(tmp_path):
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki" / "ca.key").write_text("key")

    with pytest.raises(ConfigError, match="a cluster of its own"):
        homes.require_free(tmp_path)


def test_a_home_joins_once_and_again_where_the_first_time_was_interrupted(tmp_path):
    homes.require_free(tmp_path / "new")
    homes.write_settings(tmp_path, URL, FACTS, NETWORK)
    homes.require_free(tmp_path)
    homes.write_component(tmp_path, "node", URL, b"CA", "system:node:b", Issued(b"C", b"K"))

    with pytest.raises(ConfigError, match=r"has joined https://.* already"):
        homes.require_free(tmp_path)


@pytest.mark.parametrize("text", ["[", "a list", "- one"])
def test_settings_that_cannot_be_read_are_named(tmp_path, text):
    (tmp_path / "sampan.yaml").write_text(text)

    with pytest.raises(ConfigError, match=r"sampan\.yaml"):
        homes.require_free(tmp_path)


def test_the_agents_identity_is_also_the_commands(tmp_path):
    for name in ("node", "proxy"):
        homes.write_component(tmp_path, name, URL, b"CA", f"user-{name}", Issued(b"C", b"K"))
    homes.write_authority(tmp_path, b"CA")
    homes.write_serving(tmp_path, Issued(b"serving", b"key"))

    assert (tmp_path / "kubeconfig").read_text() == (tmp_path / "kubeconfigs" / "node").read_text()
    assert (tmp_path / "kubeconfigs" / "node").stat().st_mode & 0o077 == 0
    assert (tmp_path / "pki" / "ca.crt").read_bytes() == b"CA"
    assert (tmp_path / "pki" / "kubelet.crt").read_bytes() == b"serving"
