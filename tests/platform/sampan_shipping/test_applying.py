"""Shipping to a small API server: what is written, and what is not."""

from __future__ import annotations

import pytest

from sampan.contracts.access import User
from sampan.contracts.kinds import Resource
from sampan.errors import Invalid
from sampan_client import Client
from sampan_machinery.metadata import copy
from sampan_shipping import Shipment, inventory, marks
from sampan_shipping.inventory import Ref
from sampan_testing.miniapi import MiniApi

CONFIGMAPS = Resource("", "v1", "configmaps", "ConfigMap")
SERVICES = Resource("", "v1", "services", "Service")
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", False)


class Defaulting(MiniApi):
    """Fills in a Service's sessionAffinity, and refuses to change a clusterIP."""

    def create(self, resource, obj):
        return super().create(resource, self._filled(resource, obj))

    def update(self, resource, obj, subresource=""):
        old = self._present(resource, obj["metadata"]["name"], obj["metadata"].get("namespace", ""))
        if resource == SERVICES and obj["spec"].get("clusterIP") != old["spec"].get("clusterIP"):
            raise Invalid("spec.clusterIP: field is immutable")
        return super().update(resource, self._filled(resource, obj), subresource)

    def _filled(self, resource, obj):
        if resource != SERVICES:
            return obj
        return {**obj, "spec": {"sessionAffinity": "None", **obj["spec"]}}


@pytest.fixture
def api():
    return Defaulting([CONFIGMAPS, SERVICES, NAMESPACES])


@pytest.fixture
def client(api):
    return Client.in_process(api, User("admin"))


def config(name="conf", **data):
    metadata = {"name": name, "namespace": "kube-system"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def service(**spec):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "kube-system"}, "spec": spec}


def ship(client, version, *manifests, addon="dns"):
    return [(o.ref.name, o.action) for o in Shipment(client, addon, version, manifests).apply()]


def change(client, resource, name, **fields):
    obj = client.get(resource, name, "kube-system")
    client.update(resource, {**obj, **fields})


def test_a_start_without_a_new_version_writes_nothing(api, client):
    assert ship(client, "1", config(a="1"), service()) == [("conf", "created"), ("s", "created")]
    api.requests.clear()

    assert ship(client, "1", config(a="1"), service()) == [("conf", "unchanged"), ("s", "unchanged")]
    assert {method for method, _ in api.requests} == {"GET"}


def test_an_object_is_marked_with_add_on_and_version(client):
    ship(client, "1", service())

    live = client.get(SERVICES, "s", "kube-system")
    record = marks.read(live)
    assert live["metadata"]["labels"] == {"addons.sampan.dev/name": "dns"}
    assert (record.addon, record.version, record.shipped) == ("dns", "1", service())
    assert record.made == service(sessionAffinity="None")
    assert [str(ref) for ref in inventory.read(client, "dns").refs] == ["Service/kube-system/s"]


def test_an_upgrade_changes_fields_without_edits_also_those_that_the_server_defaulted(client):
    ship(client, "1", service())

    assert ship(client, "2", service(sessionAffinity="ClientIP")) == [("s", "updated")]

    assert client.get(SERVICES, "s", "kube-system")["spec"] == {"sessionAffinity": "ClientIP"}
    assert marks.read(client.get(SERVICES, "s", "kube-system")).version == "2"


def test_an_edit_survives_restart_and_upgrade_and_is_named(client):
    ship(client, "1", config(a="1", b="1"))
    change(client, CONFIGMAPS, "conf", data={"a": "mine", "b": "1", "c": "mine"})

    assert ship(client, "1", config(a="1", b="1")) == [("conf", "unchanged")]
    outcome = Shipment(client, "dns", "2", [config(a="2", b="2")]).apply()[0]

    assert outcome.details == "edited, so left as it was: data.a"
    assert client.get(CONFIGMAPS, "conf", "kube-system")["data"] == {"a": "mine", "b": "2", "c": "mine"}


def test_an_edit_survives_several_upgrades(client):
    ship(client, "1", config(a="1", b="1"))
    change(client, CONFIGMAPS, "conf", data={"a": "mine", "b": "1"})

    for version in ("2", "3", "4"):
        ship(client, version, config(a=version, b=version))

    assert client.get(CONFIGMAPS, "conf", "kube-system")["data"] == {"a": "mine", "b": "4"}


def test_a_deleted_object_is_created_again(client, caplog):
    ship(client, "1", config(a="1"))
    client.delete(CONFIGMAPS, "conf", "kube-system")

    assert ship(client, "1", config(a="1")) == [("conf", "recreated")]
    assert "because it had been deleted" in caplog.text


def test_an_existing_object_is_adopted_unchanged(client):
    client.create(CONFIGMAPS, config(a="theirs"))

    assert ship(client, "1", config(a="1", b="1")) == [("conf", "adopted")]
    assert client.get(CONFIGMAPS, "conf", "kube-system")["data"] == {"a": "theirs"}
    ship(client, "2", config(a="2", b="1", c="2"))
    assert client.get(CONFIGMAPS, "conf", "kube-system")["data"] == {"a": "theirs", "c": "2"}


def test_what_another_add_on_ships_is_left_to_it(client):
    ship(client, "1", config(a="1"))

    assert ship(client, "1", config(a="2"), addon="other") == [("conf", "left")]
    assert Shipment(client, "other", "1", ()).remove() == []


def test_what_is_shipped_no_more_is_removed_unless_it_was_edited(client):
    ship(client, "1", config("gone"), config("edited", a="1"), config("stays"))
    change(client, CONFIGMAPS, "edited", data={"a": "mine"})

    assert ship(client, "2", config("stays")) == [("stays", "unchanged"), ("edited", "left"), ("gone", "removed")]

    left = client.get(CONFIGMAPS, "edited", "kube-system")
    assert "labels" not in left["metadata"] and "annotations" not in left["metadata"]
    assert ship(client, "2", config("stays")) == [("stays", "unchanged")]


def test_disabling_removes_all_but_edited_adopted_and_data_holding_objects(client):
    client.create(CONFIGMAPS, config("before"))
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns"}}
    ship(client, "1", namespace, config("plain"), config("edited", a="1"), config("before"))
    change(client, CONFIGMAPS, "edited", data={})

    outcomes = Shipment(client, "dns", "1", ()).remove()

    assert {(o.ref.name, o.action): o.details for o in outcomes} == {
        ("plain", "removed"): "",
        ("edited", "left"): "it was edited",
        ("before", "left"): "it was there before the add-on",
        ("ns", "left"): "it may hold data of others",
    }
    assert inventory.read(client, "dns").refs == ()


def test_a_refused_change_names_the_remedy_and_does_not_stop_the_rest(client):
    ship(client, "1", service(clusterIP="10.0.0.1"), config(a="1"))

    outcomes = Shipment(client, "dns", "2", [service(clusterIP="10.0.0.2"), config(a="2")]).apply()

    assert [outcome.action for outcome in outcomes] == ["refused", "updated"]
    assert "`sampan addons reset dns Service/kube-system/s`" in outcomes[0].details


def test_reset_restores_what_is_shipped(client):
    manifests = [service(clusterIP="10.0.0.1"), config(a="1")]
    ship(client, "1", *manifests)
    change(client, SERVICES, "s", spec={"clusterIP": "10.0.0.1", "sessionAffinity": "ClientIP", "more": 1})
    change(client, CONFIGMAPS, "conf", data={"a": "2", "b": "3"})
    shipment = Shipment(client, "dns", "1", manifests)

    assert [outcome.action for outcome in shipment.reset(list(shipment.manifests))] == ["reset", "reset"]

    assert client.get(SERVICES, "s", "kube-system")["spec"] == {"clusterIP": "10.0.0.1", "sessionAffinity": "None"}
    assert client.get(CONFIGMAPS, "conf", "kube-system")["data"] == {"a": "1"}
    assert [outcome.action for outcome in shipment.reset(list(shipment.manifests))] == ["unchanged", "unchanged"]
    assert ship(client, "2", service(clusterIP="10.0.0.1"), config(a="2"))[1] == ("conf", "updated")


def test_reset_recreates_what_cannot_be_changed(client):
    ship(client, "1", service(clusterIP="10.0.0.1"))
    shipment = Shipment(client, "dns", "2", [service(clusterIP="10.0.0.2")])

    assert [outcome.action for outcome in shipment.reset(list(shipment.manifests))] == ["recreated"]

    assert client.get(SERVICES, "s", "kube-system")["spec"]["clusterIP"] == "10.0.0.2"


def test_a_concurrent_write_costs_one_more_try(api, client):
    ship(client, "1", config(a="1", b="1"))
    update, hits = api.update, []

    def race(resource, obj, subresource=""):
        if not hits:
            hits.append(1)
            theirs = copy(api.get(CONFIGMAPS, "conf", "kube-system"))
            theirs["data"]["a"] = "mine"
            update(resource, theirs)
        return update(resource, obj, subresource)

    api.update = race

    assert ship(client, "2", config(a="2", b="2")) == [("conf", "updated")]
    assert client.get(CONFIGMAPS, "conf", "kube-system")["data"] == {"a": "mine", "b": "2"}


def test_marks_that_were_broken_count_as_none(client):
    ship(client, "1", config(a="1"))
    client.patch(CONFIGMAPS, "conf", {"metadata": {"annotations": {marks.SHIPPED: "{"}}}, "kube-system")

    assert ship(client, "2", config(a="2")) == [("conf", "adopted")]


def test_a_secrets_text_is_compared_as_data():
    assert marks.prepared({"kind": "Secret", "stringData": {"a": "x"}}) == {"kind": "Secret", "data": {"a": "eA=="}}


def test_a_line_of_the_inventory_names_an_object():
    ref = Ref("rbac.authorization.k8s.io/v1", "ClusterRole", "", "sampan:dns")

    assert Ref.parse(ref.line()) == ref
    assert Ref.parse("nonsense") is None
    assert Ref("apps/v1beta1", "Deployment", "a", "b").identity == Ref("apps/v1", "Deployment", "a", "b").identity
