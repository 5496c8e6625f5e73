"""A review without a server, for what evaluates policies."""

from __future__ import annotations

import pytest

from sampan.contracts.access import Decision, User
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind
from sampan_machinery import schema
from sampan_machinery.apply.unowned import merged
from sampan_machinery.resources import CONFIG_MAPS, NAMESPACES
from sampan_policies.active import Binding, Bound
from sampan_testing.shelves import Shelf


class Versions:
    """Of ConfigMaps alone, in one version."""

    def resources(self, kind):
        return (kind.resource,)

    def shown(self, obj, resource):
        return obj

    def kept(self, obj, resource, kind=None):
        return obj

    def named(self, api_version, kind):
        return CONFIG_MAPS if (api_version, kind) == ("v1", "ConfigMap") else None

    def merged(self, obj, config, resource):
        return merged(obj, config, schema.load().node("", "v1", "ConfigMap"))


@pytest.fixture
def review():
    """Of a new ConfigMap in the namespace dev, which is there; keyword arguments are fields of it."""

    def make(namespaces=("dev",), user=None, **fields):
        reader = Shelf([(NAMESPACES, {"metadata": {"name": name, "labels": {"env": name}}}) for name in namespaces])
        obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "dev"}, **fields}
        kind = Kind(**CONFIG_MAPS._asdict())
        return Review(
            "CREATE", kind, "", "dev", "x", obj, None, user or User("joe"), False, reader, requested=CONFIG_MAPS,
            versions=Versions(),
        )  # fmt: skip

    return make


@pytest.fixture
def decide():
    """An authorizer that allows deletions and counts its questions in ``decide.asked``."""

    def decide(asked):
        decide.asked.append(asked)
        return (Decision.ALLOW if asked.verb == "delete" else Decision.NO_OPINION), ""

    decide.asked = []
    return decide


@pytest.fixture
def bound():
    """A policy of a class with its bindings; by default it matches ConfigMaps and has one binding that denies."""

    def make(cls, *bindings, name="p", **spec):
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["*"]}
        match = {"resourceRules": [rule], **spec.pop("match", {})}
        policy = cls({"metadata": {"name": name}, "spec": {"matchConstraints": match, **spec}})
        return Bound(policy, bindings or (Binding("b", None, None, ("Deny",)),))

    return make
