"""A rule names groups, versions, resources with their subresources, operations and a scope."""

import pytest

from sampan.contracts.kinds import Resource
from sampan_admission.rules import Rule, is_exempt

PODS = Resource("", "v1", "pods", "Pod")
NODES = Resource("", "v1", "nodes", "Node", False)


def rule(**changes):
    given = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"], **changes}
    return Rule.of(given)


@pytest.mark.parametrize(
    ("changes", "subresource", "operation", "wanted"),
    [
        ({}, "", "CREATE", True),
        ({}, "", "UPDATE", False),
        ({}, "status", "CREATE", False),
        ({"operations": ["*"]}, "", "DELETE", True),
        ({"apiGroups": ["apps"]}, "", "CREATE", False),
        ({"apiGroups": ["*"]}, "", "CREATE", True),
        ({"apiVersions": ["v2"]}, "", "CREATE", False),
        ({"apiVersions": ["*"]}, "", "CREATE", True),
        ({"resources": ["*"]}, "", "CREATE", True),
        ({"resources": ["*"]}, "status", "CREATE", False),
        ({"resources": ["*/*"]}, "status", "CREATE", True),
        ({"resources": ["pods/*"]}, "", "CREATE", True),
        ({"resources": ["*/status"]}, "status", "CREATE", True),
        ({"resources": ["*/status"]}, "", "CREATE", False),
        ({"resources": ["services", "pods/status"]}, "status", "CREATE", True),
    ],
)
def test_a_rule_names_requests_by_each_of_its_parts(changes, subresource, operation, wanted):
    assert rule(**changes).names_resource(PODS, subresource, operation) is wanted


@pytest.mark.parametrize(
    ("scope", "pods", "nodes"), [("*", True, True), ("Namespaced", True, False), ("Cluster", False, True)]
)
def test_a_scope_takes_what_is_in_a_namespace_or_what_is_not(scope, pods, nodes):
    found = rule(resources=["*"], scope=scope)

    assert (found.names_resource(PODS, "", "CREATE"), found.names_resource(NODES, "", "CREATE")) == (pods, nodes)


def test_configuration_of_admission_is_exempt():
    group = "admissionregistration.k8s.io"

    assert is_exempt(Resource(group, "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", False))
    assert not is_exempt(Resource("example.org", "v1", "mutatingwebhookconfigurations", "X"))
    assert not is_exempt(PODS)
