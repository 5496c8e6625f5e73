from __future__ import annotations

import pytest

from sampan.contracts.access import Attributes, Decision, User
from sampan_machinery.resources import CLUSTER_ROLE_BINDINGS as CLUSTER_BINDINGS
from sampan_machinery.resources import CLUSTER_ROLES, ROLES
from sampan_machinery.resources import ROLE_BINDINGS as BINDINGS
from sampan_rbac.authorizer import Rbac
from sampan_rbac.bootstrap_policy import components, user_facing
from sampan_rbac.grammar import binding, cluster_binding, cluster_role, group, role, rule, user
from sampan_testing.shelves import Shelf

OF_KIND = {r.kind: r for r in (ROLES, BINDINGS, CLUSTER_ROLES, CLUSTER_BINDINGS)}

JANE = User("jane", ("devs", "system:authenticated"))


def shelf(*manifests):
    return Shelf((OF_KIND[manifest["kind"]], manifest) for manifest in manifests)


def asked(verb="get", resource="pods", *, user=JANE, namespace="a", name="", group="", path=""):
    return Attributes(user, verb, group, "v1", resource, "", namespace, name, path)


def allowed(rbac, *args, **kwargs):
    return rbac.authorize(asked(*args, **kwargs))[0] is Decision.ALLOW


def test_without_roles_there_is_no_opinion():
    assert Rbac(shelf()).authorize(asked()) == (Decision.NO_OPINION, "")


def test_a_binding_counts_in_its_namespace_only():
    rbac = Rbac(shelf(role("a", "r", rule("get", "", "pods")), binding("a", "b", "r", user("jane"))))

    assert allowed(rbac)
    assert not allowed(rbac, namespace="other")
    assert not allowed(rbac, namespace="")


def test_a_cluster_binding_counts_everywhere_and_gives_its_reason():
    rbac = Rbac(shelf(cluster_role("r", [rule("get", "", "pods")]), cluster_binding("b", "r", group("devs"))))

    assert rbac.authorize(asked(namespace="")) == (
        Decision.ALLOW,
        'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to Group "devs"',
    )


def test_a_service_account_is_a_subject():
    account = {"kind": "ServiceAccount", "name": "robot", "namespace": "x"}
    rbac = Rbac(shelf(role("a", "r", rule("get", "", "pods")), binding("a", "b", "r", account)))

    assert allowed(rbac, user=User("system:serviceaccount:x:robot"))
    assert not allowed(rbac, user=User("robot"))


def test_names_narrow_a_rule_also_from_memory():
    rbac = Rbac(shelf(role("a", "r", rule("get", "", "pods", "web db")), binding("a", "b", "r", user("jane"))))

    for _round in range(2):
        assert allowed(rbac, name="web")
        assert allowed(rbac, name="db")
        assert not allowed(rbac, name="other")
        assert not allowed(rbac)


def test_a_change_is_felt_at_once():
    objects = shelf(role("a", "r", rule("get", "", "pods")))
    rbac = Rbac(objects)
    assert not allowed(rbac)

    objects.put(BINDINGS, binding("a", "b", "r", user("jane")))
    assert allowed(rbac)

    objects.put(ROLES, role("a", "r", rule("list", "", "pods")))
    assert not allowed(rbac)

    objects.put(ROLES, role("a", "r", rule("*", "", "pods")))
    assert allowed(rbac)

    objects.drop(BINDINGS, "b", "a")
    assert not allowed(rbac)


def test_only_what_has_changed_is_read_again(monkeypatch):
    roles = [role("a", f"r{n}", rule("get", "", f"kind{n}")) for n in range(50)]
    bindings = [binding("a", f"b{n}", f"r{n}", user("jane")) for n in range(50)]
    objects = shelf(*roles, *bindings)
    rbac, read, get = Rbac(objects), [], objects.get
    assert allowed(rbac, resource="kind7")
    monkeypatch.setattr(objects, "list", lambda resource: 1 / 0)
    monkeypatch.setattr(objects, "get", lambda resource, name, where: read.append(name) or get(resource, name, where))

    objects.put(ROLES, role("a", "r7", rule("list", "", "kind7")))
    assert not allowed(rbac, resource="kind7") and allowed(rbac, "list", "kind7")
    objects.put(BINDINGS, binding("a", "b8", "r8", user("other")))
    assert not allowed(rbac, resource="kind8") and allowed(rbac, resource="kind9")
    assert allowed(rbac, resource="kind8", user=User("other"))

    assert read == ["r7", "b8"]


def test_a_binding_that_is_changed_is_missing_at_no_time():
    objects = shelf(role("a", "r", rule("get", "", "pods")), binding("a", "b", "r", user("jane"), user("ann")))
    rbac = Rbac(objects)
    assert allowed(rbac)
    index = rbac._index._bindings
    seen = []

    class Told(dict):
        def __setitem__(self, name, bound):
            seen.append((name, len(bound)))
            super().__setitem__(name, bound)

        def pop(self, name, *default):
            seen.append((name, 0))
            return super().pop(name, *default)

    index.users = Told(index.users)
    objects.put(BINDINGS, binding("a", "b", "r", user("jane"), group("x")))

    assert allowed(rbac)
    assert sorted(seen) == [("ann", 0), ("jane", 1)]


def test_a_reading_that_fails_is_repeated(monkeypatch):
    objects = shelf(role("a", "r", rule("get", "", "pods")), binding("a", "b", "r", user("jane")))
    rbac = Rbac(objects)
    with monkeypatch.context() as broken:
        broken.setattr(objects, "list", lambda resource: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            rbac.authorize(asked())

    assert allowed(rbac)


def test_the_masters_may_do_everything_even_without_roles():
    assert allowed(Rbac(shelf()), "destroy", "worlds", user=User("x", ("system:masters",)))


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr("sampan_rbac.authorizer._MOST", 10)
    rbac = Rbac(shelf())

    for number in range(100):
        rbac.authorize(asked(namespace=f"n{number}"))

    assert len(rbac._known) <= 10


@pytest.fixture(scope="module")
def standard():
    return Rbac(shelf(*user_facing.manifests(), *components.manifests()))


@pytest.mark.parametrize(
    ("who", "verb", "resource", "more", "may"),
    [
        (User("a", ("system:authenticated",)), "get", "", {"path": "/apis/apps"}, True),
        (User("a", ("system:unauthenticated",)), "get", "", {"path": "/apis/apps"}, False),
        (User("a", ("system:unauthenticated",)), "get", "", {"path": "/livez"}, True),
        (User("a", ("system:authenticated",)), "create", "selfsubjectaccessreviews",
         {"group": "authorization.k8s.io", "namespace": ""}, True),
        (User("system:sampan-dns"), "watch", "endpointslices", {"group": "discovery.k8s.io", "namespace": ""}, True),
        (User("system:sampan-dns"), "list", "secrets", {}, False),
        (User("system:kube-scheduler"), "create", "pods", {}, False),
        (User("system:kube-scheduler"), "list", "pods", {"namespace": ""}, True),
        (User("system:kube-controller-manager"), "create", "pods", {}, True),
        (User("system:kube-controller-manager"), "deletecollection", "crontabs", {"group": "stable.example.com"}, True),
        (User("system:kube-controller-manager"), "impersonate", "users", {"namespace": ""}, False),
        (User("system:kube-proxy"), "watch", "services", {"namespace": ""}, True),
        (User("system:node:n", ("system:nodes",)), "patch", "nodes", {"namespace": "", "name": "n"}, False),
        (User("system:node:n", ("system:nodes",)), "update", "secrets", {}, False),
        (User("system:serviceaccount:x:y", ("system:serviceaccounts",)), "get", "",
         {"path": "/openid/v1/jwks"}, True),
    ],
)  # fmt: skip
def test_the_standard_roles_give_what_each_needs(standard, who, verb, resource, more, may):
    assert allowed(standard, verb, resource, user=who, **more) is may


@pytest.mark.parametrize(
    ("bound", "verb", "resource", "may"),
    [
        ("view", "get", "pods", True),
        ("view", "get", "secrets", False),
        ("view", "create", "pods", False),
        ("edit", "get", "secrets", True),
        ("edit", "create", "deployments", True),
        ("edit", "create", "rolebindings", False),
        ("admin", "create", "rolebindings", True),
        ("admin", "list", "pods", True),
    ],
)
def test_people_get_what_their_role_gathers(bound, verb, resource, may):
    grant = binding("a", "b", bound, user("jane"))
    grant["roleRef"]["kind"] = "ClusterRole"
    rbac = Rbac(shelf(*user_facing.manifests(), grant))
    groups = {"deployments": "apps", "rolebindings": "rbac.authorization.k8s.io"}

    assert allowed(rbac, verb, resource, group=groups.get(resource, "")) is may
