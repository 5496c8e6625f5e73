from __future__ import annotations

import pytest

from sampan.contracts.access import Attributes, Decision, User
from sampan.contracts.admission import Review
from sampan.errors import Forbidden, NotFound
from sampan_machinery.resources import ROLE_BINDINGS as BINDINGS
from sampan_machinery.resources import ROLES
from sampan_rbac.authorizer import Rbac
from sampan_rbac.escalation import Escalation
from sampan_rbac.grammar import binding, cluster_role, role, rule, user
from sampan_rbac.kinds import CLUSTER_ROLE, ROLE, ROLE_BINDING
from sampan_testing.shelves import Shelf

JANE = User("jane", ("devs",))


class Inside(Shelf):
    def decide(self, asked: Attributes) -> tuple[Decision, str]:
        return Rbac(self).authorize(asked)


def holding(*rules):
    return Inside([(ROLES, role("a", "hers", *rules)), (BINDINGS, binding("a", "hers", "hers", user("jane")))])


def admit(cluster, kind, new, *, old=None, who=JANE):
    namespace = new["metadata"].get("namespace", "")
    operation = "UPDATE" if old else "CREATE"
    name = new["metadata"]["name"]
    Escalation(cluster).admit(Review(operation, kind, "", namespace, name, new, old, who, False, cluster))


def test_one_may_give_what_one_holds():
    admit(holding(rule("get list", "", "pods")), ROLE, role("a", "r", rule("get", "", "pods")))


def test_one_may_not_give_more():
    with pytest.raises(Forbidden) as refused:
        admit(holding(rule("get", "", "pods")), ROLE, role("a", "r", rule("get list watch", "", "pods")))

    assert refused.value.message == (
        'roles.rbac.authorization.k8s.io "r" is forbidden: user "jane" (groups=["devs"]) is attempting to grant RBAC '
        'permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["list" "watch"]}'
    )


def test_what_one_holds_in_a_namespace_is_nothing_for_the_cluster():
    with pytest.raises(Forbidden):
        admit(holding(rule("get", "", "pods")), CLUSTER_ROLE, cluster_role("r", [rule("get", "", "pods")]))


def test_the_verb_escalate_lifts_the_rule():
    cluster = holding(rule("escalate", "rbac.authorization.k8s.io", "roles"))

    admit(cluster, ROLE, role("a", "r", rule("*", "*", "*")))


def test_a_change_that_gives_nothing_new_passes():
    old = role("a", "r", rule("*", "*", "*"))
    new = {**old, "metadata": {**old["metadata"], "labels": {}}}

    admit(holding(), ROLE, new, old=old)


def test_the_masters_may():
    admit(holding(), ROLE, role("a", "r", rule("*", "*", "*")), who=User("x", ("system:masters",)))


def test_an_aggregate_may_be_made_by_who_holds_all():
    with pytest.raises(Forbidden, match="must have cluster-admin privileges"):
        admit(holding(rule("*", "*", "*")), CLUSTER_ROLE, cluster_role("r", [], gathers="view"))


def test_one_may_bind_a_role_one_holds_and_no_other():
    cluster = holding(rule("get", "", "pods"))
    cluster.put(ROLES, role("a", "strong", rule("delete", "", "pods")))

    admit(cluster, ROLE_BINDING, binding("a", "b", "hers", user("joe")))
    with pytest.raises(Forbidden, match="not currently held"):
        admit(cluster, ROLE_BINDING, binding("a", "b", "strong", user("joe")))


def test_the_verb_bind_lifts_the_rule():
    cluster = holding(rule("bind", "rbac.authorization.k8s.io", "roles", "strong"))
    cluster.put(ROLES, role("a", "strong", rule("delete", "", "pods")))

    admit(cluster, ROLE_BINDING, binding("a", "b", "strong", user("joe")))


def test_a_role_that_is_not_there_cannot_be_bound():
    with pytest.raises(NotFound, match='"ghost" not found'):
        admit(holding(), ROLE_BINDING, binding("a", "b", "ghost", user("joe")))


def numbered(letter):
    return [f"{letter}{number}" for number in range(90)]


def test_a_huge_rule_is_refused_with_a_short_message():
    huge = {"verbs": numbered("v"), "apiGroups": numbered("g"), "resources": numbered("r")}

    with pytest.raises(Forbidden, match="not currently held") as refused:
        admit(holding(rule("get", "", "pods")), ROLE, role("a", "r", huge))

    assert refused.value.message.endswith("\nand more")
    assert len(refused.value.message) < 100_000


def test_rules_that_cannot_be_compared_in_time_are_refused_with_the_way_out(monkeypatch):
    monkeypatch.setattr("sampan_rbac.coverage.MOST_STEPS", 3)
    cluster = holding(*(rule("get", "", name) for name in ("a", "b", "c", "d")))

    with pytest.raises(Forbidden, match="divide it into several roles"):
        admit(cluster, ROLE, role("a", "r", rule("list", "", "a b c d")))
