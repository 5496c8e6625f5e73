"""Types of built-in kinds."""

import pytest

from sampan_cel import CheckError, Environment, types
from sampan_machinery import schema
from sampan_machinery.expressions import KUBERNETES
from sampan_machinery.expressions.typed import type_of_node


def compiled(kind, text):
    found = type_of_node(schema.load().node(*kind), kind[2])
    return Environment({"object": found}, KUBERNETES).compile(text).type


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("object.spec.replicas", types.INT),
        ("object.spec.paused", types.BOOL),
        ("object.metadata.labels", types.map_of(types.STRING, types.STRING)),
        ("object.metadata.creationTimestamp", types.TIMESTAMP),
        ("object.spec.template.spec.containers[0].args", types.list_of(types.STRING)),
        ("object.spec.template.spec.containers[0].resources.limits['cpu']", types.DYN),
        ("object.spec.strategy.rollingUpdate.maxSurge", types.DYN),
        ("object.spec.template.spec.containers.all(c, c.image.startsWith('x'))", types.BOOL),
    ],
)
def test_fields_have_types(text, type):
    assert compiled(("apps", "v1", "Deployment"), text) == type


def test_a_field_that_is_not_there_is_undefined():
    with pytest.raises(CheckError, match="undefined field 'maxRetries'"):
        compiled(("apps", "v1", "Deployment"), "object.spec.maxRetries < 10")


def test_a_type_that_contains_itself_has_none():
    assert type_of_node(schema.load().node("apiextensions.k8s.io", "v1", "CustomResourceDefinition"), "X") is None
