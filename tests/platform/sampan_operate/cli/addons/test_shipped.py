"""diff and reset, against an API server in this process."""

from __future__ import annotations

import pytest

from sampan.contracts.kinds import Resource
from sampan.errors import ConfigError
from sampan_client import Client
from sampan_dns.manifests import manifests
from sampan_server.plugins.plugins import Plugins
from sampan_settings.options import cluster_options
from sampan_settings.settings import load
from sampan_shipping import Shipment
from sampan_testing.shipping import api_server

SERVICES = Resource("", "v1", "services", "Service")
ROLES = Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", False)


@pytest.fixture
def client(tmp_path, monkeypatch, write):
    """An administrator of a cluster to which dns has shipped."""
    write("network: {service_cidr: 10.96.0.0/16}\n")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with api_server(tmp_path / "server") as found:
        monkeypatch.setattr(Client, "from_kubeconfig", lambda path, **more: found)
        monkeypatch.setattr("sampan_operate.cli.addons.shipped.load_kubeconfig", lambda path: None)
        monkeypatch.setattr(found, "close", lambda: None)
        options = cluster_options(load(home=str(tmp_path), environ={}), Plugins())
        Shipment(found, "dns", "0", manifests(options)).apply()
        yield found


def edit(client):
    client.patch(SERVICES, "kube-dns", {"metadata": {"labels": {"mine": "yes"}}}, "kube-system")
    client.delete(ROLES, "sampan:dns")


def test_without_edits_there_is_no_difference(run, client):
    answer = run("diff", "dns")

    assert (answer.output, answer.exit_code) == ("", 0)
    assert run("reset", "dns", "--yes").output == "nothing differs from what is shipped\n"


def test_differences_are_shown_and_end_with_one(run, client):
    edit(client)

    answer = run("diff", "dns", "service/kube-dns")

    assert answer.exit_code == 1
    assert "--- shipped  Service/kube-system/kube-dns\n+++ live     Service/kube-system/kube-dns\n" in answer.output
    assert [line for line in answer.output.splitlines() if line[0] in "+-"][2:] == ["+    mine: 'yes'"]
    assert "+++ /dev/null (deleted)" in run("diff", "dns").output


def test_reset_puts_back_and_says_so(run, client):
    edit(client)

    answer = run("reset", "dns", "--yes")

    assert answer.output == "ClusterRole/sampan:dns recreated\nService/kube-system/kube-dns reset\n"
    assert run("diff", "dns").exit_code == 0


def test_reset_of_one_object_leaves_the_others(run, client):
    edit(client)

    run("reset", "dns", "ClusterRole/sampan:dns", "--yes")

    assert run("diff", "dns").output.count("--- shipped") == 1


def test_without_a_terminal_no_question_is_asked(run, client):
    edit(client)

    answer = run("reset", "dns")

    assert isinstance(answer.exception, ConfigError)
    assert "say --yes" in str(answer.exception)
    assert run("diff", "dns").exit_code == 1


def test_an_object_that_is_not_shipped_is_refused(run, client):
    answer = run("diff", "dns", "Service/kube-dsn")

    assert "dns ships no 'Service/kube-dsn'" in str(answer.exception)


def test_what_has_shipped_nothing_is_told_so(run, client):
    Shipment(client, "dns", "0", ()).remove()

    assert "dns has shipped nothing to this cluster" in str(run("diff", "dns").exception)
