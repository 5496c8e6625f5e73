import pytest

from sampan_explain import Objects
from sampan_explain.subjects import access
from sampan_explain.subjects.access import Question
from sampan_machinery.resources import CONFIG_MAPS, DEPLOYMENTS, PODS, SECRETS

RBAC = "rbac.authorization.k8s.io/v1"


def question(resource=PODS, verb="list", user="ann", namespace="shop", **more):
    return Question(user=user, verb=verb, resource=resource, namespace=namespace, **more)


def rule(verbs, resources, groups=("",), names=()):
    return {"verbs": list(verbs), "resources": list(resources), "apiGroups": list(groups), "resourceNames": list(names)}


@pytest.fixture
def role(make):
    def build(name, *rules, namespace=""):
        return make.obj("Role" if namespace else "ClusterRole", name, RBAC, namespace=namespace, rules=list(rules))

    return build


@pytest.fixture
def binding(make):
    def build(name, role, *subjects, namespace="", kind="ClusterRole"):
        return make.obj("RoleBinding" if namespace else "ClusterRoleBinding", name, RBAC, namespace=namespace,
                        subjects=list(subjects), roleRef={"kind": kind, "name": role})  # fmt: skip

    return build


def ann():
    return {"kind": "User", "name": "ann"}


def answered(asked, *objects):
    return access.explain(asked, Objects.of(objects, 0.0))


def test_a_request_that_is_allowed_names_the_binding(role, binding):
    found = answered(question(), role("view", rule(["list"], ["pods"])), binding("b", "view", ann(), namespace="shop"))

    assert found.healthy
    assert (
        found.paragraph() == "user/ann is allowed to list pods in namespace shop. ann may list pods in namespace shop."
    )
    assert found.causes[0].facts == ("rolebinding/b binds clusterrole/view",)


def test_a_refused_request_says_which_rule_would_allow_it_and_which_roles_hold_it(role):
    found = answered(
        question(), role("view", rule(["get", "list"], ["pods"])), role("admin", rule(["*"], ["*"], ["*"]))
    )

    assert [cause.reason for cause in found.causes] == ["NoRule", "BindingMissing", "LeastRole"]
    assert "apiGroups [''], resources ['pods'], verbs ['list']" in found.causes[0].text
    assert found.causes[1].data["roles"] == ["clusterrole/view", "clusterrole/admin"]
    assert found.causes[1].commands[0] == "kubectl create rolebinding ann-view -n shop --clusterrole=view --user=ann"


def test_a_rule_that_nearly_allows_it_is_shown(role, binding):
    found = answered(
        question(SECRETS, "get", name="db"), role("r", rule(["get"], ["secrets"], names=["other"]), namespace="shop"),
        binding("b", "r", ann(), namespace="shop", kind="Role"),
    )  # fmt: skip

    assert found.causes[0].facts == ("rolebinding/b binds role/r, which allows get, only for other",)
    assert found.causes[-1].commands[0] == (
        "kubectl create role get-secrets -n shop --verb=get --resource=secrets --resource-name=db"
    )


def test_a_binding_whose_role_is_missing(binding):
    found = answered(question(), binding("b", "gone", ann()))

    assert (found.causes[0].reason, found.causes[0].about) == ("RoleMissing", "clusterrolebinding/b")


def test_service_accounts_groups_and_subresources(role, binding):
    account = {"kind": "ServiceAccount", "name": "bot", "namespace": "ci"}
    logs = role("logs", rule(["get"], ["pods/log"]))
    asked = question(verb="get", user="system:serviceaccount:ci:bot", subresource="log")

    assert answered(asked, logs, binding("b", "logs", account)).healthy
    found = answered(asked, logs)
    assert found.causes[1].commands[0].endswith("--clusterrole=logs --serviceaccount=ci:bot")
    assert answered(question(groups=("dev",)), role("v", rule(["list"], ["pods"])),
                    binding("b", "v", {"kind": "Group", "name": "dev"})).healthy  # fmt: skip


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        (rule(["*"], ["*"], ["*"]), True),
        (rule(["list"], ["deployments"], ["apps"]), True),
        (rule(["list"], ["deployments"], [""]), False),
        (rule(["get"], ["deployments"], ["apps"]), False),
        (rule(["list"], ["deployments/scale"], ["apps"]), False),
    ],
)
def test_rules_match_as_the_api_server_matches_them(given, allowed):
    assert access.matches(given, question(DEPLOYMENTS)) == allowed


def test_a_role_of_one_namespace_is_offered_with_a_binding_there(role):
    found = answered(question(CONFIG_MAPS), role("cm", rule(["list"], ["configmaps"]), namespace="shop"))

    assert found.causes[1].commands[0] == "kubectl create rolebinding ann-cm -n shop --role=cm --user=ann"


def test_a_cluster_wide_request_wants_a_cluster_role_binding(role):
    found = answered(question(namespace=""), role("view", rule(["list"], ["pods"])))

    assert found.causes[1].commands[0].startswith("kubectl create clusterrolebinding ann-view")
    assert "in all namespaces" in found.state


def test_the_servers_own_answer_counts():
    def read(want):
        if want.request is not None:
            return [{"status": {"allowed": True, "reason": "webhook says yes"}}]
        return []

    found = access.explain_access(question(), read, now=0.0)

    assert found.healthy
    assert found.causes[0].facts == ("the server says: webhook says yes",)
