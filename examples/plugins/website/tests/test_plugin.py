"""The whole plugin in a cluster in process: kind, controller, rights."""

from __future__ import annotations

from pathlib import Path

import pytest
import website.plugin
import yaml
from website.resources import DEPLOYMENTS, INGRESSES, WEBSITES

from sampan.errors import Invalid
from sampan_machinery.metadata import condition_is
from sampan_testing.cluster import start

HELLO = Path(__file__).parents[1] / "hello.yaml"


@pytest.fixture(scope="module")
def cluster():
    with start({"website": website.plugin}, nodes=1) as running:
        yield running


def test_a_site_is_served_and_all_of_it_goes_with_it(cluster):
    client = cluster.client
    client.create(WEBSITES, yaml.safe_load(HELLO.read_text()), "default")

    cluster.until(lambda: condition_is(client.get(WEBSITES, "hello", "default").get("status"), "Available"))
    assert client.get(INGRESSES, "hello", "default")["spec"]["rules"][0]["host"] == "hello.example.org"
    client.delete(WEBSITES, "hello", "default")
    cluster.until(lambda: not client.list(DEPLOYMENTS, "default").items and not client.list(INGRESSES, "default").items)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, r"spec\.pages: Required value"),
        ({"pages": {"a.html": ""}}, r"spec\.pages\[index\.html\]: Required value: a site needs a first page"),
        ({"pages": {"index.html": "", "a/b": ""}}, r'spec\.pages: Invalid value: "a/b": a valid config key must'),
        ({"pages": {"index.html": 1}}, r"spec\.pages\.index\.html in body must be of type string"),
        ({"pages": {"index.html": ""}, "host": "no host"}, r"spec\.host in body should match"),
        ({"pages": {"index.html": ""}, "replicas": -1}, "should be greater than or equal to 0"),
    ],
)
def test_a_bad_site_is_refused_with_the_fields_path(cluster, spec, message):
    with pytest.raises(Invalid, match=message):
        cluster.client.create(WEBSITES, {"metadata": {"name": "bad"}, "spec": spec}, "default")


def test_who_may_edit_may_edit_websites(cluster):
    binding = {
        "metadata": {"name": "jane"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "jane"}],
    }
    bindings = WEBSITES._replace(group="rbac.authorization.k8s.io", plural="rolebindings", kind="RoleBinding")
    cluster.client.create(bindings, binding, "default")
    jane = cluster.client_as("jane")

    cluster.until(
        lambda: jane.create(
            WEBSITES, {"metadata": {"generateName": "j-"}, "spec": {"pages": {"index.html": ""}}}, "default"
        )
    )
