"""The webhooks of all configurations: in their order, read again when one has changed, never stopped by a bad one."""

from sampan.contracts.access import User
from sampan.contracts.kinds import Resource
from sampan_admission.subjects import ObjectKind, Subject
from sampan_machinery.resources import VALIDATING_WEBHOOK_CONFIGURATIONS as KIND
from sampan_testing.shelves import Shelf
from sampan_webhooks.configurations import Configurations

PODS = Resource("", "v1", "pods", "Pod")
RULE = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
SUBJECT = Subject("CREATE", PODS, "", ObjectKind("", "v1", "Pod"), "default", "x", User("joe"), False, {}, (PODS,))


def configuration(name, *webhooks, version="1"):
    found = [{"name": each, "rules": [RULE]} for each in webhooks]
    return {"metadata": {"name": name, "resourceVersion": version}, "webhooks": found}


def names(configurations):
    return [each.webhook.name for each in configurations.now().matching(SUBJECT)]


def test_they_come_by_the_name_of_their_configuration_then_as_it_lists_them():
    shelf = Shelf([(KIND, configuration("b", "b2", "b1")), (KIND, configuration("a", "z"))])

    assert names(Configurations(shelf, KIND)) == ["z", "b2", "b1"]


def test_a_change_is_seen_and_what_did_not_change_is_kept():
    shelf = Shelf([(KIND, configuration("a", "one"))])
    found = Configurations(shelf, KIND)
    before = found.now()
    assert found.now() is before

    shelf.put(KIND, configuration("b", "two"))

    assert names(found) == ["one", "two"]
    assert found.now().webhooks[0] is before.webhooks[0]
    shelf.put(KIND, configuration("a", version="2"))
    assert names(found) == ["two"]


def test_webhooks_of_one_name_are_told_apart():
    found = Configurations(Shelf([(KIND, configuration("a", "one", "one"))]), KIND)

    assert len({each.webhook.uid for each in found.now().matching(SUBJECT)}) == 2


def test_one_that_cannot_be_read_stops_no_other():
    bad = configuration("a", "one", "two")
    bad["webhooks"][0]["objectSelector"] = {"matchLabels": {"a b": ""}}

    assert names(Configurations(Shelf([(KIND, bad)]), KIND)) == ["two"]


def test_what_concerns_it_is_what_a_rule_names_but_configurations_of_admission():
    everything = {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"], "operations": ["*"]}
    shelf = Shelf([(KIND, configuration("a", "one"))])
    found = Configurations(shelf, KIND)

    assert found.concerns((PODS,), "", "CREATE")
    assert not found.concerns((PODS,), "status", "CREATE")
    wide = configuration("a", "one", version="2")
    wide["webhooks"][0]["rules"] = [everything]
    shelf.put(KIND, wide)
    assert found.concerns((PODS,), "", "DELETE")
    assert not found.concerns((KIND,), "", "CREATE")
