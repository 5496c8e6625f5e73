import pytest

from sampan_query.columns import COMMON, SPECIAL, amount, column_name, printed


@pytest.mark.parametrize(("text", "value"), [("1500m", 1.5), ("1Gi", 2**30), (2, 2), (None, None), ("much", None)])
def test_amounts_are_numbers_in_their_unit(text, value):
    assert amount(text) == value


def test_printed_columns_get_names_that_sql_takes():
    assert column_name("CLUSTER-IP") == "cluster_ip"
    definitions = [{"name": "Name"}, {"name": "Up-to-date"}, {"name": "Age"}, {"name": "UP TO DATE"}, {"name": "%"}]
    assert printed(definitions, ["name"]) == [(1, "up_to_date")]


def test_every_column_has_a_value_for_an_empty_object():
    obj = {"metadata": {"name": "x"}}
    for columns in (COMMON, *SPECIAL.values()):
        for name, get in columns.items():
            assert get(obj) is None or isinstance(get(obj), str | int | float), name


def test_columns_of_pods():
    owner = {"kind": "ReplicaSet", "name": "web-1", "controller": True}
    containers = [{"image": "a", "resources": {"requests": {"cpu": "100m"}}}, {"image": "b"}]
    pod = {
        "metadata": {"name": "p", "ownerReferences": [owner]},
        "spec": {"containers": containers},
        "status": {
            "containerStatuses": [{"restartCount": 2}, {"restartCount": 1}],
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }
    special = SPECIAL[("", "pods")]

    assert COMMON["owner"](pod) == "replicaset/web-1"
    assert [special[name](pod) for name in ("images", "restarts", "cpu_requests", "ready")] == ["a,b", 3, 0.1, 1]


def test_columns_of_services_and_events():
    service = {"metadata": {}, "spec": {"ports": [{"port": 80}, {"port": 443}], "selector": {"a": "b"}}}
    event = {"metadata": {}, "involvedObject": {"kind": "Pod", "name": "p"}}

    assert SPECIAL[("", "services")]["ports"](service) == "80,443"
    assert SPECIAL[("", "services")]["selector"](service) == '{"a":"b"}'
    assert SPECIAL[("", "events")]["about"](event) == "pod/p"
