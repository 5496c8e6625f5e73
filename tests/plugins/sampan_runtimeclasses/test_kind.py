import pytest

from sampan_machinery.kindschema import schema_of
from sampan_machinery.tables import to_table
from sampan_runtimeclasses.kind import RUNTIME_CLASS


def problems(old=None, **fields):
    new = {"metadata": {"name": "sandboxed", "resourceVersion": "1"}, "handler": "sandbox", **fields}
    schema = schema_of(RUNTIME_CLASS)
    schema.default(new)
    return [f"{each.path}: {each.message}" for each in schema.check(new, old)]


def test_a_good_class():
    assert problems(overhead={"podFixed": {"cpu": "10m", "memory": "1Gi"}}) == []
    assert problems(scheduling={"nodeSelector": {"a": "b"}, "tolerations": [{"operator": "Exists"}]}) == []


@pytest.mark.parametrize("handler", ["Upper", "a.b", "a" * 64])
def test_a_handler_is_a_label(handler):
    assert problems(handler=handler)[0].startswith(f'handler: Invalid value: "{handler}": ')


@pytest.mark.parametrize(
    "fields, path",
    [
        ({"overhead": {"podFixed": {"cpu": "-1"}}}, "overhead.limits[cpu]: Invalid value"),
        ({"overhead": {"podFixed": {"odd": "1"}}}, "overhead.limits[odd]: Invalid value"),
        ({"scheduling": {"nodeSelector": {"a b": "c"}}}, "scheduling.nodeSelector: Invalid value"),
        ({"scheduling": {"tolerations": [{"key": "a", "operator": "Odd"}]}}, "scheduling.tolerations[0].operator"),
        ({"scheduling": {"tolerations": [{"operator": "Exists"}] * 2}}, "scheduling.tolerations[1]: Duplicate value"),
        ({"handler": ""}, "handler: Required value"),
    ],
)
def test_what_is_wrong_is_named(fields, path):
    assert [each for each in problems(**fields) if each.startswith(path)]


def test_the_handler_never_changes():
    old = {"metadata": {"name": "sandboxed", "resourceVersion": "1"}, "handler": "other"}

    assert problems(old) == ['handler: Invalid value: "sandbox": field is immutable']


def test_the_printed_columns():
    obj = {"metadata": {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z"}, "handler": "h"}
    table = to_table(RUNTIME_CLASS.columns, [obj], now=1767225600 + 60)

    assert [each["name"] for each in table["columnDefinitions"]] == ["Name", "Handler", "Age"]
    assert table["rows"][0]["cells"] == ["a", "h", "60s"]


def test_a_change_is_checked_as_a_new_class_is():
    """As kube-apiserver 1.36.2 does."""
    old = {"metadata": {"name": "sandboxed", "resourceVersion": "1"}, "handler": "sandbox"}

    assert [each.partition(":")[0] for each in problems(old, overhead={"podFixed": {"cpu": "-1"}})] == [
        "overhead.limits[cpu]"
    ]
