"""What an add-on that runs alone is told of a cluster that is not ours."""

from __future__ import annotations

import json

import pytest

from sampan.contracts.access import User
from sampan.contracts.kinds import Resource
from sampan.errors import ConfigError, Forbidden
from sampan_client import Client
from sampan_client.kubeconfig import Config
from sampan_operate.supervisor import alone
from sampan_operate.supervisor.alone import load_addon, options_for, run_alone
from sampan_settings.settings import Settings
from sampan_testing.miniapi import MiniApi

SERVICES = Resource("", "v1", "services", "Service")
SERVER = Config(server="https://example.org:6443")
NOWHERE = {"home": "", "config": ""}


@pytest.fixture
def api():
    return MiniApi([SERVICES])


@pytest.fixture
def client(api):
    return Client.in_process(api, User("x"))


def service(name, namespace, address):
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"clusterIP": address}}


def told(client, **environ):
    return options_for(client, SERVER, Settings(), environ, kubeconfig="f")


def test_addresses_of_services_are_looked_up(api, client):
    api.create(SERVICES, service("kube-dns", "kube-system", "10.0.0.10"))
    api.create(SERVICES, service("kubernetes", "default", "10.0.0.1"))

    found = told(client)

    assert (found.dns_ip, found.service_ip, found.dns_reachable) == ("10.0.0.10", "10.0.0.1", True)
    assert (found.server_url, found.cluster_domain, found.pki) == (SERVER.server, "cluster.local", "")


def test_a_pod_tells_its_own_place(client):
    found = told(client, POD_IP="10.1.2.3", HOST_IP="192.0.2.1", NODE_NAME="n", POD_NAME="p", CLUSTER_DOMAIN="x.y")

    names = ("api_endpoint_ip", "node_ip", "node_name", "identity", "cluster_domain", "dns_ip")
    assert [getattr(found, name) for name in names] == ["10.1.2.3", "192.0.2.1", "n", "p", "x.y", ""]


def test_what_may_not_be_looked_at_is_unknown(client, monkeypatch):
    def forbid(*args):
        raise Forbidden("no")

    monkeypatch.setattr(client, "get", forbid)

    assert told(client).dns_ip == ""


def test_only_the_add_on_is_loaded_with_its_settings():
    plugins = load_addon("dns", {"port": 53})

    assert [found.name for found in plugins.found] == ["dns"]
    assert plugins.settings_of("dns").port == 53
    with pytest.raises(ConfigError, match="no add-on is called 'dsn' \\(did you mean 'dns'\\?\\)"):
        load_addon("dsn", {})


@pytest.fixture
def started(monkeypatch):
    """What ``run_components`` is called with, instead of running anything."""
    calls = []
    monkeypatch.setattr(alone, "run_components", lambda *args: calls.append(args))
    monkeypatch.setattr(alone, "options_for", lambda *args, **more: more)
    return calls


@pytest.fixture
def kubeconfig(tmp_path):
    cluster, user = {"server": "https://127.0.0.1:1"}, {"token": "t"}
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps({
        "clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], "current-context": "x",
    }))  # fmt: skip
    return str(path)


def test_a_kubeconfig_is_all_that_is_needed(started, kubeconfig, tmp_path):
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}

    run_alone("dns", NOWHERE, kubeconfig=kubeconfig, changes={"port": 53}, environ=environ)

    (((member,), _, options, around),) = started
    assert (member.name, member.settings.port, options) == ("dns", 53, {"kubeconfig": kubeconfig})
    assert around.home.parent == tmp_path / "state" / "sampan" / "addons"
    assert around.ship is not None


def test_a_home_is_used_where_it_is_named_and_its_file_too(started, kubeconfig, tmp_path):
    (tmp_path / "sampan.yaml").write_text("plugins: {dns: {port: 5}, gone: {x: 1}}\n")
    where = {"home": str(tmp_path), "config": ""}

    run_alone("dns", where, kubeconfig=kubeconfig, manifests=False, environ={})

    (((member,), _, _, around),) = started
    assert (member.settings.port, around.home, around.ship) == (5, tmp_path, None)


def test_where_nothing_may_be_written_state_is_temporary(started, kubeconfig, tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(alone.tempfile, "mkdtemp", lambda prefix: str(tmp_path / prefix))

    run_alone("dns", NOWHERE, kubeconfig=kubeconfig, environ={"XDG_STATE_HOME": str(tmp_path / "file")})

    assert started[0][3].home == tmp_path / "sampan-dns-"
    assert "state is kept in" in caplog.text


def test_without_an_identity_the_way_out_is_said(started, tmp_path):
    with pytest.raises(ConfigError, match=r"dns has no identity in .*: name a --kubeconfig"):
        run_alone("dns", {"home": str(tmp_path), "config": ""}, environ={})


def test_outside_a_pod_a_pods_variables_alone_are_not_enough(started, tmp_path):
    with pytest.raises(ConfigError, match="name a kubeconfig"):
        run_alone("dns", NOWHERE, environ={"KUBERNETES_SERVICE_HOST": "10.0.0.1", "XDG_STATE_HOME": str(tmp_path)})
