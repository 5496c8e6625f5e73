from sampan_federation.works.selecting import may_select

BINDING = {"spec": {"resource": {"apiVersion": "v1", "kind": "ConfigMap", "namespace": "shop", "name": "a"}}}


def policy(namespace="", *selectors):
    return {"metadata": {"name": "p", "namespace": namespace}, "spec": {"resourceSelectors": list(selectors)}}


def test_a_policy_may_concern_a_binding_unless_the_binding_says_otherwise():
    of_kind = {"apiVersion": "v1", "kind": "ConfigMap"}

    assert may_select(policy(), BINDING)
    assert may_select(policy("shop", of_kind), BINDING)
    assert may_select(policy("", {**of_kind, "labelSelector": {"matchLabels": {"x": "y"}}}), BINDING)
    assert not may_select(policy("other"), BINDING)
    assert not may_select(policy("", {**of_kind, "name": "b"}), BINDING)
    assert not may_select(policy("", {**of_kind, "kind": "Secret"}), BINDING)
