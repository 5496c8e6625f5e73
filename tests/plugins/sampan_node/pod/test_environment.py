import pytest

from sampan_node.pod.environment import (
    ConfigProblem,
    environment,
    expand,
    expand_strictly,
    expand_words,
    field_value,
    quoted,
)

POD = {
    "metadata": {"name": "web", "namespace": "default", "labels": {"a": 'x"y'}}, "spec": {"containers": []},
    "status": {"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]},
}  # fmt: skip


def made(*env, env_from=(), objects=None, services=(), **container):
    found = objects or {}
    return environment(
        POD, {"name": "c", "env": list(env), "envFrom": list(env_from), **container},
        lookup=lambda kind, name: found.get((kind, name)), services=services, allocatable={"cpu": "2", "memory": "1Gi"},
    )  # fmt: skip


def test_references_are_expanded_in_order_and_unknown_ones_stay():
    assert expand("$(A)-$$(A)-$(B)", {"A": "1"}) == "1-$(A)-$(B)"
    assert made({"name": "A", "value": "1"}, {"name": "B", "value": "$(A)$(C)"}) == {"A": "1", "B": "1$(C)"}
    with pytest.raises(ConfigProblem):
        expand_strictly("$(NONE)", {})


def test_values_come_from_fields_resources_config_maps_and_secrets():
    objects = {("ConfigMap", "m"): {"data": {"k": "v", "1-x": "y"}}, ("Secret", "s"): {"data": {"p": "cXd1"}}}

    found = made(
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        {"name": "MEM", "valueFrom": {"resourceFieldRef": {"resource": "requests.memory", "divisor": "1Mi"}}},
        {"name": "P", "valueFrom": {"secretKeyRef": {"name": "s", "key": "p"}}},
        {"name": "NO", "valueFrom": {"configMapKeyRef": {"name": "none", "key": "k", "optional": True}}},
        env_from=[{"prefix": "X_", "configMapRef": {"name": "m"}}], objects=objects,
        resources={"requests": {"memory": "32Mi"}},
    )  # fmt: skip

    assert found == {"X_k": "v", "X_1-x": "y", "IP": "10.0.0.1", "CPU": "2", "MEM": "32", "P": "qwu"}


def test_what_is_missing_and_not_optional_is_named():
    with pytest.raises(ConfigProblem, match='configmap "none" not found'):
        made({"name": "A", "valueFrom": {"configMapKeyRef": {"name": "none", "key": "k"}}})


def test_labels_as_a_file_are_quoted():
    assert field_value(POD, "metadata.labels") == 'a="x\\"y"'
    assert field_value(POD, "metadata.labels['a']") == 'x"y'


def test_a_map_as_a_file_has_one_line_a_key_and_no_newline_at_the_end():
    pod = {"metadata": {"annotations": {"b": "2", "a": "1\n", "B": ""}}, "spec": {}}

    assert field_value(pod, "metadata.annotations") == 'B=""\na="1\\n"\nb="2"'
    assert field_value({"metadata": {}, "spec": {}}, "metadata.labels") == ""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain é😀", '"plain é😀"'),
        ('"\\', r'"\"\\"'),
        ("\a\b\f\n\r\t\v", r'"\a\b\f\n\r\t\v"'),
        ("\0\x1b\x7f", r'"\x00\x1b\x7f"'),
        ("\x80\xa0\xad", r'"\u0080\u00a0\u00ad"'),
        ("\u2028\ufeff\ue000", r'"\u2028\ufeff\ue000"'),
        ("\U000e0001", r'"\U000e0001"'),
    ],
)
def test_text_is_quoted_as_go_does(text, wanted):
    assert quoted(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("$($(B))", "$($(B))"), ("$($(A))", "odd)"), ("$$($(A)", "$(1"), ("$(A", "$(A"), ("$(A$(A)", "$(A$(A)"),
        ("$", "$"), ("a$", "a$"), ("$$", "$"), ("$$$", "$$"), ("$$$(A)", "$1"), ("$$$$(A)", "$$(A)"), ("$()", "$()"),
        ("$(A B)", "$(A B)"), ("$é$(A)", "$é1"), ("$A ${A}", "$A ${A}"), ("$(A)(A)", "1(A)"), ("$)", "$)"),
        ("$(\n)", "$(\n)"), ("$(A)$(A)", "11"), ("", ""),
    ],
)  # fmt: skip
def test_references_are_read_as_upstream_reads_them(text, wanted):
    assert expand(text, {"A": "1", "$(A": "odd"}) == wanted


def test_a_sub_path_expression_wants_every_name_and_no_empty_one():
    with pytest.raises(ConfigProblem, match="missing value for A, B"):
        expand_strictly("$(B)/$(A)/$(C)/$(B)", {"A": "", "C": "x"})


def test_services_become_variables():
    ports = [{"name": "http", "port": 80}]
    service = {"metadata": {"name": "my-db"}, "spec": {"clusterIP": "10.96.0.5", "ports": ports}}

    assert made(services=[service]) == {
        "MY_DB_SERVICE_HOST": "10.96.0.5", "MY_DB_SERVICE_PORT": "80", "MY_DB_SERVICE_PORT_HTTP": "80",
        "MY_DB_PORT": "tcp://10.96.0.5:80", "MY_DB_PORT_80_TCP": "tcp://10.96.0.5:80", "MY_DB_PORT_80_TCP_PROTO": "tcp",
        "MY_DB_PORT_80_TCP_PORT": "80", "MY_DB_PORT_80_TCP_ADDR": "10.96.0.5",
    }  # fmt: skip


def test_references_that_multiply_are_refused_before_anything_is_made():
    doubling = [{"name": f"A{n}", "value": f"$(A{n - 1})$(A{n - 1})"} for n in range(1, 60)]
    with pytest.raises(ConfigProblem, match="longer than"):
        made({"name": "A0", "value": "x"}, *doubling)
    with pytest.raises(ConfigProblem, match="longer than"):
        made({"name": "A", "value": "x" * 50_000}, *({"name": f"B{n}", "value": "$(A)"} for n in range(100)))
    env = {"A": "x" * 50_000}
    for expanded in (lambda: expand_words(["$(A)" * 100], env), lambda: expand_strictly("$(A)" * 100, env)):
        with pytest.raises(ConfigProblem, match="longer than"):
            expanded()
    assert expand_words(["$(A)", "b"], {"A": "1"}) == ["1", "b"]
