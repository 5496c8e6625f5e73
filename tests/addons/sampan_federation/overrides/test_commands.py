from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from contexts import KINDS

from sampan.contracts.access import User
from sampan.contracts.commands import Place
from sampan_federation.commands import federation
from sampan_federation.resources import CLUSTERS, OVERRIDE_POLICIES, RESOURCE_BINDINGS
from sampan_machinery.resources import CONFIG_MAPS
from sampan_testing.miniapi import MiniApi
from sampan_testing.serving import ApiPort


@pytest.fixture
def host(tmp_path):
    api = MiniApi(KINDS)
    port = ApiPort(api, User("admin"))
    (tmp_path / "kubeconfig").write_text(port.kubeconfig())
    api.create(CLUSTERS, {"metadata": {"name": "east"}, "spec": {}})
    api.create(CONFIG_MAPS, {"metadata": {"name": "a", "namespace": "default"}, "data": {"color": "red"}})
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "namespace": "default", "name": "a"}
    spec = {"resource": reference, "clusters": [{"name": "east"}]}
    api.create(RESOURCE_BINDINGS, {"metadata": {"name": "a-configmap", "namespace": "default"}, "spec": spec})
    yield tmp_path
    port.close()


def run(host, *words, **more):
    command = ["diff", *words, "--kubeconfig", str(host / "kubeconfig")]
    return CliRunner().invoke(federation, command, obj=Place(home=str(host), kubeconfig=""), **more)


def policy(color, path="/data/color"):
    change = {"plaintext": [{"operator": "replace", "path": path, "value": color}]}
    return json.dumps(
        {
            "kind": OVERRIDE_POLICIES.kind,
            "metadata": {"name": "p", "namespace": "default"},
            "spec": {"overrideRules": [{"overriders": change}]},
        }
    )


def test_what_a_policy_would_change_is_shown_before_it_is_applied(host):
    (host / "p.yaml").write_text(policy("blue"))

    found = run(host, "configmap/a", "-f", str(host / "p.yaml"))

    assert found.exit_code == 0, found.output
    assert "+  color: blue" in found.output


def test_the_whole_manifest_of_one_cluster_from_stdin(host):
    found = run(host, "configmaps/a", "--full", "--cluster", "east", "-f", "-", input=policy("blue"))

    assert "# east\n---\napiVersion: v1\nkind: ConfigMap\n" in found.output and "color: blue" in found.output


def test_a_policy_that_fails_is_said_and_the_command_fails(host):
    found = run(host, "configmap/a", "-f", "-", input=policy("blue", "/no/where"))

    assert found.exit_code == 1 and "OverridePolicy p" in found.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["configmap/b"], "is not propagated"), (["configmap"], "KIND/NAME"),
        (["configmap/a", "-f", "/nowhere.yaml"], "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(host, words, said):
    found = run(host, *words)

    assert found.exit_code != 0 and said in found.output


def test_a_file_that_holds_no_objects_is_refused(host):
    assert "no object" in run(host, "configmap/a", "-f", "-", input="- 3").output
    assert "is no YAML" in run(host, "configmap/a", "-f", "-", input="a: [}").output
