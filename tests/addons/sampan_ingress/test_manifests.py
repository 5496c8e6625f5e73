from __future__ import annotations

import pytest

from sampan.contracts.options import ManifestOptions
from sampan_ingress.manifests import USER, manifests
from sampan_ingress.settings import Settings
from sampan_testing.shipping import api_server, check_edits_survive


def the_class(options):
    return next(one for one in manifests(options) if one["kind"] == "IngressClass")


def test_the_class_is_as_the_settings_say():
    plain, asked = (
        the_class(ManifestOptions()),
        the_class(ManifestOptions(settings=Settings(ingress_class="mine", default_class=True))),
    )

    assert (plain["metadata"]["name"], plain["spec"]["controller"]) == ("sampan", "sampan.dev/ingress")
    assert plain["metadata"]["annotations"] == {"ingressclass.kubernetes.io/is-default-class": "false"}
    assert asked["metadata"]["name"] == "mine"
    assert asked["metadata"]["annotations"] == {"ingressclass.kubernetes.io/is-default-class": "true"}


def test_it_may_do_what_it_does_and_writes_nothing_else():
    roles = [one for one in manifests(ManifestOptions()) if one["kind"] in ("ClusterRole", "Role")]
    writes = {
        f"{group}/{resource}"
        for role in roles for rule in role["rules"] if {*rule["verbs"]} - {"get", "list", "watch"}
        for group in rule["apiGroups"] for resource in rule["resources"]
    }  # fmt: skip

    assert writes == {
        "networking.k8s.io/ingresses/status", "/events", "events.k8s.io/events", "coordination.k8s.io/leases",
    }  # fmt: skip
    bindings = [one for one in manifests(ManifestOptions()) if one["kind"].endswith("Binding")]
    assert {subject["name"] for one in bindings for subject in one["subjects"]} == {USER}


@pytest.mark.filterwarnings("default::ResourceWarning")
def test_what_users_make_of_it_stays(tmp_path):
    with api_server(tmp_path) as client:
        check_edits_survive(manifests, client)
