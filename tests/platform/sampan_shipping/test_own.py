from __future__ import annotations

from sampan_shipping import marks
from sampan_shipping.applying import is_edited
from sampan_shipping.own import own_paths, with_own, without_own

SHIPPED = {"apiVersion": "v1", "kind": "APIService", "metadata": {"name": "s"}, "spec": {"port": 1}}
FIELDS = {"f:spec": {"f:caBundle": {}, "f:port": {}}, "f:metadata": {"f:annotations": {".": {}, "f:mine": {}}}}


def live(manager="sampan-x", **more):
    found = marks.marked({**SHIPPED, "spec": {"port": 1, "caBundle": "c"}}, "x", "1", SHIPPED)
    found["metadata"]["managedFields"] = [{"manager": manager, "fieldsV1": FIELDS, **more}]
    found["metadata"]["annotations"]["mine"] = "yes"
    return found


def test_what_the_add_on_wrote_itself_is_not_an_edit():
    assert not is_edited(live())
    assert is_edited(live("kubectl-edit"))
    assert is_edited(live(subresource="status"))


def test_what_it_ships_is_compared_though_it_wrote_it_too():
    changed = live()
    changed["spec"]["port"] = 2

    assert is_edited(changed)


def test_a_reset_keeps_what_the_add_on_wrote():
    assert with_own(SHIPPED, live(), "x")["spec"] == {"port": 1, "caBundle": "c"}
    assert without_own(marks.plain(live()), live(), SHIPPED, "x") == SHIPPED


def test_fields_inside_lists_are_not_told_apart():
    fields = {"f:spec": {"f:ports": {'k:{"port":1}': {"f:name": {}}}, "f:type": {}}}
    found = {"metadata": {"managedFields": [{"manager": "sampan-x", "fieldsV1": fields}]}}

    assert own_paths(found, "x") == [("spec", "type")]
