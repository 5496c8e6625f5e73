from __future__ import annotations

from typing import Any

from sampan.contracts.access import ANONYMOUS
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind, Resource
from sampan.errors import Cause
from sampan_server.cache.collection import Collection
from sampan_server.write.admission import Admitters, Plan, RuleFollower
from sampan_server.write.steps import BlockingCall, Step
from sampan_testing.shelves import Shelf

PODS = Kind(group="", version="v1", kind="Pod", plural="pods")
DEPLOYMENTS = Kind(group="apps", version="v1", kind="Deployment", plural="deployments")
QUOTAS = Resource("", "v1", "configmaps", "ConfigMap")


class Admitter:
    mutates, priority = False, 500
    subresources: Any = None

    def __init__(self, name: str, *operations: str, resources: Any = None) -> None:
        self.name, self.operations = name, frozenset(operations)
        if resources is not None:
            self.resources = resources

    def admit(self, review: Any) -> None:
        raise AssertionError("asked")


def test_an_admitter_is_asked_about_what_it_declares_and_in_its_order() -> None:
    found = Admitters([
        Admitter("all", "CREATE", "DELETE"),
        Admitter("pods", "CREATE", resources={"pods"}),
        Admitter("deployments", "CREATE", resources={"deployments.apps"}),
    ])  # fmt: skip

    def names(kind: Kind, operation: str) -> list[str]:
        return [each.name for each in found.of(kind, operation)]

    assert names(PODS, "CREATE") == ["all", "pods"]
    assert names(DEPLOYMENTS, "CREATE") == ["all", "deployments"]
    assert names(PODS, "DELETE") == ["all"]
    assert names(PODS, "CONNECT") == []
    assert found.of(PODS, "CREATE") is found.of(PODS, "CREATE")


def test_a_first_party_admitter_is_not_asked_about_other_resources(make: Any, shapes: Any) -> None:
    extra = shapes.Extra()
    extra.admitters = [Admitter("secrets", "CREATE", resources={"secrets"})]
    api = make(extra)

    assert api.post("/api/v1/namespaces/default/configmaps", shapes.config_map("a")).status_code == 201


def test_groups_everything_and_subresources_can_be_declared() -> None:
    scaled = Admitter("scaled", "*", resources={"*.apps"})
    scaled.subresources = frozenset({"scale"})
    anything = Admitter("anything", "UPDATE", resources={"*"})
    itself = Admitter("itself", "UPDATE", resources={"deployments.apps"})
    itself.subresources = frozenset({""})
    found = Admitters([scaled, anything, itself])
    found.compile([PODS, DEPLOYMENTS])

    def names(kind: Kind, operation: str, subresource: str = "") -> list[str]:
        return [each.name for each in found.of(kind, operation, subresource)]

    assert names(DEPLOYMENTS, "UPDATE") == ["anything", "itself"]
    assert names(DEPLOYMENTS, "UPDATE", "scale") == ["scaled", "anything"]
    assert names(DEPLOYMENTS, "CONNECT", "scale") == ["scaled"]
    assert names(PODS, "UPDATE") == ["anything"]
    assert names(PODS, "CREATE") == []


def test_a_kind_that_comes_after_the_table_was_made_is_admitted_too() -> None:
    found = Admitters([Admitter("all", "CREATE")])
    found.compile([PODS])

    assert [each.name for each in found.of(DEPLOYMENTS, "CREATE")] == ["all"]
    found.compile([DEPLOYMENTS])
    assert [each.name for each in found.of(DEPLOYMENTS, "CREATE")] == ["all"]


def review(**facts: Any) -> Review:
    usual = {
        "operation": "CREATE", "kind": DEPLOYMENTS, "subresource": "", "namespace": "default", "name": "web",
        "object": {"spec": {}}, "old": None, "user": ANONYMOUS, "dry_run": False, "reader": Shelf(),
    }  # fmt: skip
    return Review(**{**usual, **facts})


def run(plan: Plan, asked: Review) -> list[Step]:
    """What it asks of its driver; functions are run."""
    found = []
    for step in plan.in_turn(asked):
        found.append(step)
        if isinstance(step, BlockingCall):
            step.function()
    return found


class Appends(Admitter):
    """Notes each call in the object, or with ``once`` only the first."""

    def __init__(self, name: str, *, once: bool = False, **declared: bool) -> None:
        super().__init__(name, "CREATE")
        self.once = once
        for attribute, value in declared.items():
            setattr(self, attribute, value)

    def admit(self, review: Any) -> None:
        order = review.object["spec"].setdefault("order", [])
        if not self.once or self.name not in order:
            order.append(self.name)


def test_blocking_ones_are_asked_in_their_place() -> None:
    asked = review()
    plan = Admitters([Appends("a"), Appends("b", blocking=True), Appends("c")]).plan(DEPLOYMENTS, "CREATE")

    steps = run(plan, asked)

    assert asked.object == {"spec": {"order": ["a", "b", "c"]}}
    assert [type(step) for step in steps] == [BlockingCall]


def test_one_is_asked_once_more_where_a_later_one_changed_the_object() -> None:
    first, second = Appends("first", once=True, reinvocation=True), Appends("second", once=True, reinvocation=True)
    asked = review()
    run(Admitters([first, second]).plan(DEPLOYMENTS, "CREATE"), asked)
    assert asked.object == {"spec": {"order": ["first", "second"]}}

    asked = review()
    always = Appends("always", reinvocation=True, blocking=True)
    run(Admitters([always, Appends("last")]).plan(DEPLOYMENTS, "CREATE"), asked)
    assert asked.object == {"spec": {"order": ["always", "last", "always"]}}

    asked = review()
    run(Admitters([Appends("before"), always]).plan(DEPLOYMENTS, "CREATE"), asked)
    assert asked.object == {"spec": {"order": ["before", "always"]}}


def test_what_comes_from_outside_makes_a_second_round_of_those_that_want_one() -> None:
    names = Appends("names", second_round=True)
    plan = Admitters([names, Appends("plain"), Appends("hook", reinvokes=True, second_round=True)])
    asked = review()

    run(plan.plan(DEPLOYMENTS, "CREATE"), asked)

    assert asked.object == {"spec": {"order": ["names", "plain", "hook", "names", "hook"]}}
    assert asked.reinvoked


def test_there_is_no_second_round_where_nothing_came_from_outside() -> None:
    silent = Appends("silent", once=True, reinvokes=True, second_round=True)
    asked = review(object={"spec": {"order": ["silent"]}})

    run(Admitters([Appends("names", second_round=True), silent]).plan(DEPLOYMENTS, "CREATE"), asked)

    assert asked.object == {"spec": {"order": ["silent", "names"]}}
    assert not asked.reinvoked


def test_what_asks_for_no_waiting_is_asked_on_the_spot() -> None:
    assert not Admitters([Appends("names", second_round=True)]).plan(DEPLOYMENTS, "CREATE").waits
    assert Admitters([Appends("hook", reinvokes=True)]).plan(DEPLOYMENTS, "CREATE").waits


class Ruled(Admitter):
    """Its rules are objects."""

    watches = (QUOTAS,)

    def __init__(self) -> None:
        super().__init__("ruled", "*")
        self.wanted: set[tuple[str, str, str]] = set()

    def concerns(self, resources: Any, subresource: str, operation: str) -> bool:
        return any((resource.plural, subresource, operation) in self.wanted for resource in resources)


def test_one_whose_rules_are_objects_is_asked_again_when_they_have_changed() -> None:
    ruled = Ruled()
    found = Admitters([ruled])
    collection = Collection("/core/configmaps/", {}, 1)
    follower = RuleFollower(found, [collection])
    found.compile([PODS])
    assert found.of(PODS, "CREATE") == ()

    ruled.wanted = {("pods", "", "CREATE")}
    follower.look()
    assert found.of(PODS, "CREATE") == ()
    collection.changed = 2
    follower.look()

    assert found.of(PODS, "CREATE") == (ruled,)
    assert found.of(PODS, "DELETE") == found.of(DEPLOYMENTS, "CREATE") == ()


def test_a_refusal_is_worded_as_upstreams() -> None:
    error = review().forbidden("no more boats", causes=(Cause("Full", "the harbour is full"),))

    assert error.to_status()["message"] == 'deployments.apps "web" is forbidden: no more boats'
    details = error.to_status()["details"]
    assert (details["name"], details["group"], details["kind"]) == ("web", "apps", "deployments")
    assert details["causes"] == [{"reason": "Full", "message": "the harbour is full"}]


def test_what_an_earlier_rule_updates_is_what_a_later_one_reads() -> None:
    shelf = Shelf()
    shelf.put(QUOTAS, {"metadata": {"name": "q", "namespace": "default", "resourceVersion": "3"}, "used": 1})
    asked = review(reader=shelf)
    assert asked.stored(QUOTAS, "none", "default") is None

    first = asked.stored(QUOTAS, "q", "default")
    assert first is not None
    asked.also_update.append({**first, "apiVersion": "v1", "kind": "ConfigMap", "used": 2})

    second = asked.stored(QUOTAS, "q", "default")
    assert second is not None and second["used"] == 2
    other = asked.stored(QUOTAS._replace(group="apps"), "q", "default")
    assert other is None
