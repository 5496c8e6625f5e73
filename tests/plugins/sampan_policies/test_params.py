"""The parameters of a binding."""

import pytest

from sampan_machinery.resources import CONFIG_MAPS, NAMESPACES
from sampan_policies.params import Misconfigured, collect, resource_of
from sampan_testing.shelves import Shelf

NAMED = {"name": "a", "parameterNotFoundAction": "Deny"}


@pytest.fixture
def shelf():
    return Shelf([
        (CONFIG_MAPS, {"metadata": {"name": "a", "namespace": "dev", "labels": {"x": "y"}}}),
        (CONFIG_MAPS, {"metadata": {"name": "b", "namespace": "dev", "labels": {"x": "y"}}}),
        (CONFIG_MAPS, {"metadata": {"name": "c", "namespace": "prod"}}),
        (NAMESPACES, {"metadata": {"name": "dev"}}),
    ])  # fmt: skip


def names(found):
    return sorted(each["metadata"]["name"] for each in found)


def test_without_a_kind_or_a_reference_there_is_one_evaluation_without_parameters(shelf):
    assert collect(None, NAMED, "dev", shelf) == (None,)
    assert collect(CONFIG_MAPS, None, "dev", shelf) == (None,)


def test_a_name_is_looked_up_where_the_request_is_or_the_reference_says(shelf):
    assert names(collect(CONFIG_MAPS, NAMED, "dev", shelf)) == ["a"]
    assert names(collect(CONFIG_MAPS, {"name": "c", "namespace": "prod"}, "dev", shelf)) == ["c"]


def test_a_selector_takes_all_that_fit(shelf):
    assert names(collect(CONFIG_MAPS, {"selector": {"matchLabels": {"x": "y"}}}, "dev", shelf)) == ["a", "b"]
    assert names(collect(CONFIG_MAPS, {"selector": {}}, "prod", shelf)) == ["c"]
    assert names(collect(NAMESPACES, {"selector": {}}, "dev", shelf)) == ["dev"]


def test_what_is_not_there_is_an_error_or_nothing_to_evaluate(shelf):
    assert collect(CONFIG_MAPS, {"name": "a", "parameterNotFoundAction": "Allow"}, "prod", shelf) == []
    with pytest.raises(Misconfigured, match="no params found for policy binding with `Deny`"):
        collect(CONFIG_MAPS, NAMED, "prod", shelf)


def test_a_namespace_and_the_scope_of_the_kind_must_fit(shelf):
    with pytest.raises(Misconfigured, match=r"paramRef\.namespace must not be provided for a cluster-scoped"):
        collect(NAMESPACES, {"name": "dev", "namespace": "dev"}, "dev", shelf)
    with pytest.raises(Misconfigured, match="cannot use namespaced paramRef"):
        collect(CONFIG_MAPS, NAMED, "", shelf)


def test_a_kind_that_nothing_serves_is_named():
    class Nothing:
        def named(self, api_version, kind):
            return None

    with pytest.raises(Misconfigured, match=r"paramKind: 'rules\.example\.com/v1, Kind=Limit'$"):
        resource_of({"apiVersion": "rules.example.com/v1", "kind": "Limit"}, Nothing())
