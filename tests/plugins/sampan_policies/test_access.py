"""Parameters that the writer of a policy or binding may not read are refused."""

from __future__ import annotations

import pytest

from sampan.contracts.access import Decision, User
from sampan.contracts.admission import Review
from sampan.errors import Invalid
from sampan_machinery.resources import CONFIG_MAPS
from sampan_policies.access import ParameterAccess
from sampan_policies.kinds import VALIDATING_BINDING, VALIDATING_POLICY

JOE = User("joe", ("dev",))
KIND = {"apiVersion": "v1", "kind": "ConfigMap"}


class Cluster:
    """Allows what is in ``allowed``: (verb, resource, name)."""

    def __init__(self, *allowed, policy=None):
        self.allowed, self.policy, self.asked = set(allowed), policy, []

    def decide(self, asked):
        self.asked.append(asked)
        fits = (asked.verb, asked.resource, asked.name) in self.allowed
        return (Decision.ALLOW if fits else Decision.NO_OPINION), ""

    def get(self, resource, name, namespace=""):
        return self.policy

    def named(self, api_version, kind):
        return CONFIG_MAPS if (api_version, kind) == ("v1", "ConfigMap") else None


def admit(cluster, kind, spec, old=None, user=JOE):
    new = {"metadata": {"name": "x"}, "spec": spec}
    before = None if old is None else {"metadata": {"name": "x"}, "spec": old}
    review = Review("CREATE", kind, "", "", "x", new, before, user, False, cluster, versions=cluster)
    ParameterAccess(cluster).admit(review)


def test_a_policy_needs_the_right_to_read_all_objects_of_its_param_kind():
    admit(Cluster(("get", "configmaps", "*")), VALIDATING_POLICY, {"paramKind": KIND})

    with pytest.raises(Invalid) as caught:
        admit(Cluster(), VALIDATING_POLICY, {"paramKind": KIND})
    assert caught.value.message == (
        'ValidatingAdmissionPolicy.admissionregistration.k8s.io "x" is invalid: spec.paramKind: Forbidden: '
        'user &{joe  [dev] map[]} must have "get" permission on all objects of the referenced paramKind '
        "(kind=ConfigMap, apiVersion=v1)"
    )


def test_what_has_not_changed_is_not_asked_again():
    cluster = Cluster()

    admit(cluster, VALIDATING_POLICY, {"paramKind": KIND}, old={"paramKind": KIND})
    admit(cluster, VALIDATING_POLICY, {})
    admit(cluster, VALIDATING_POLICY, {"paramKind": KIND}, user=User("root", ("system:masters",)))

    assert cluster.asked == []


def test_a_binding_needs_the_right_to_read_its_parameters():
    policy = {"metadata": {"name": "p"}, "spec": {"paramKind": KIND}}
    spec = {"policyName": "p", "paramRef": {"name": "limits", "namespace": "dev"}}

    admit(Cluster(("get", "configmaps", "limits"), policy=policy), VALIDATING_BINDING, spec)
    admit(
        Cluster(("list", "configmaps", ""), policy=policy), VALIDATING_BINDING,
        {"policyName": "p", "paramRef": {"selector": {}}},
    )  # fmt: skip
    with pytest.raises(Invalid, match=r"spec.paramRef: Forbidden: .*permission on the object referenced by paramRef"):
        admit(Cluster(policy=policy), VALIDATING_BINDING, spec)


def test_a_binding_to_an_unknown_policy_needs_all_rights():
    spec = {"policyName": "p", "paramRef": {"name": "limits"}}

    with pytest.raises(Invalid, match="unable to get policy p to determine minimum required permissions"):
        admit(Cluster(("get", "configmaps", "limits")), VALIDATING_BINDING, spec)
    admit(Cluster(("get", "*", "limits")), VALIDATING_BINDING, spec)
