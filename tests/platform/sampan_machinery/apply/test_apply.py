import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan.errors import BadRequest, Conflict, StatusError
from sampan_machinery.apply.apply import apply
from sampan_machinery.apply.managers import track
from sampan_testing.types import DEPLOYMENT

T0, T1, T2 = (f"2026-01-01T00:00:0{second}Z" for second in range(3))


def config(spec=None, **metadata):
    obj = {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": "web", "namespace": "default", **metadata},
    }
    return obj if spec is None else {**obj, "spec": spec}


def applied(live, wanted, manager="me", *, force=False, now=T1, **more):
    before = copy.deepcopy((live, wanted))
    result = apply(live, wanted, DEPLOYMENT, manager=manager, force=force, api_version="apps/v1", now=now, **more)
    assert (live, wanted) == before
    return result


def updated(live, manager="other", now=T2, **spec):
    after = copy.deepcopy(live)
    after["spec"].update(spec)
    track(live, after, DEPLOYMENT, manager=manager, api_version="apps/v1", now=now)
    return after


def template(*containers):
    return {"template": {"spec": {"containers": list(containers)}}}


def containers(obj):
    return obj["spec"]["template"]["spec"]["containers"]


def owners(obj):
    return [(e["manager"], e["operation"]) for e in obj["metadata"]["managedFields"]]


def test_applying_what_is_not_there_creates_it():
    made = applied(None, config({"replicas": 3}, labels={"a": "b"}, uid="1"))

    assert made["spec"] == {"replicas": 3}
    assert made["metadata"]["managedFields"] == [
        {
            "manager": "me",
            "operation": "Apply",
            "apiVersion": "apps/v1",
            "time": T1,
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:labels": {"f:a": {}}}, "f:spec": {"f:replicas": {}}},
        }
    ]


def test_applying_twice_changes_nothing():
    wanted = config({"replicas": 3, **template({"name": "a", "image": "x", "ports": [{"containerPort": 80}]})})
    once = applied(None, wanted)

    assert applied(once, wanted, now=T2) == once


def test_another_managers_field_is_a_conflict():
    live = updated(applied(None, config({"replicas": 3})), "kubectl-client-side-apply", replicas=5)

    with pytest.raises(Conflict) as refused:
        applied(live, config({"replicas": 4}))

    assert refused.value.message == (
        'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas'
    )
    cause = refused.value.causes[0]
    assert cause.reason == "FieldManagerConflict"
    assert cause.message == 'conflict with "kubectl-client-side-apply" using apps/v1'
    assert cause.field == ".spec.replicas"


def test_several_conflicts_are_listed_by_manager():
    live = applied(None, config({"replicas": 3, **template({"name": "a", "image": "x"})}), "first")

    with pytest.raises(Conflict) as refused:
        applied(live, config({"replicas": 4, **template({"name": "a", "image": "y"})}))

    assert refused.value.message == (
        'Apply failed with 2 conflicts: conflicts with "first":\n'
        "- .spec.replicas\n"
        '- .spec.template.spec.containers[name="a"].image'
    )


def test_force_takes_the_field_over():
    live = applied(None, config({"replicas": 3}), "first")

    forced = applied(live, config({"replicas": 4}), force=True)

    assert forced["spec"]["replicas"] == 4
    assert owners(forced) == [("me", "Apply")]


def test_the_same_value_is_shared_without_conflict():
    live = applied(None, config({"replicas": 3}), "first")

    assert owners(applied(live, config({"replicas": 3}))) == [
        ("me", "Apply"),
        ("first", "Apply"),
    ]  # a manager that changed nothing has no time


def test_what_is_no_longer_applied_is_removed():
    live = applied(None, config({"replicas": 3, **template({"name": "a"}, {"name": "b"})}, labels={"x": "1"}))

    now = applied(live, config(template({"name": "b"})))

    assert "replicas" not in now["spec"]
    assert containers(now) == [{"name": "b"}]
    assert "labels" not in now["metadata"]
    assert now["metadata"]["name"] == "web"


def test_what_another_applier_applies_too_stays():
    wanted = config({"replicas": 3})
    live = applied(applied(None, wanted, "first"), wanted)

    now = applied(live, config())

    assert now["spec"] == {"replicas": 3}
    assert owners(now) == [("first", "Apply")]


def test_an_element_is_removed_with_fields_of_other_managers_unless_they_manage_the_element():
    live = applied(None, config(template({"name": "a", "image": "x"})))
    after = copy.deepcopy(live)
    containers(after)[0]["env"] = [{"name": "E", "value": "1"}]
    track(live, after, DEPLOYMENT, manager="injector", api_version="apps/v1", now=T2)

    assert containers(applied(after, config(template({"name": "b"})))) == [{"name": "b"}]
    shared = applied(after, config(template({"name": "a", "image": "x"})), "second")
    kept = applied(shared, config(template({"name": "b"})))
    assert [each["name"] for each in containers(kept)] == ["a", "b"]


def test_defaults_below_a_field_go_with_it():
    live = applied(None, config({"strategy": {"type": "RollingUpdate"}}))
    live["spec"]["strategy"]["rollingUpdate"] = {"maxSurge": 1}

    assert "strategy" not in applied(live, config()).get("spec", {})


def test_an_object_without_managers_gets_one_before_the_first_apply():
    live = config({"replicas": 3}, uid="1")

    with pytest.raises(Conflict, match="before-first-apply"):
        applied(live, config({"replicas": 4}))
    assert owners(applied(live, config({"replicas": 3}))) == [("me", "Apply"), ("before-first-apply", "Update")]


def test_elements_keep_the_live_order_and_new_ones_come_where_they_were_applied():
    live = applied(None, config(template({"name": "a"}, {"name": "c"})))

    now = applied(live, config(template({"name": "b"}, {"name": "d"})), "other")

    assert [each["name"] for each in containers(now)] == ["a", "c", "b", "d"]
    swapped = applied(now, config(template({"name": "d"}, {"name": "b"})), "other")
    assert [each["name"] for each in containers(swapped)] == ["a", "c", "d", "b"]


def test_a_default_key_and_a_written_one_are_the_same_element():
    live = applied(None, config(template({"name": "a", "ports": [{"containerPort": 80, "protocol": "TCP"}]})))

    now = applied(live, config(template({"name": "a", "ports": [{"containerPort": 80}]})))

    assert containers(now)[0]["ports"] == [{"containerPort": 80, "protocol": "TCP"}] or containers(now)[0]["ports"] == [
        {"containerPort": 80}
    ]


def test_an_ignored_field_is_neither_merged_nor_managed():
    made = applied(None, {**config({"replicas": 1}), "status": {"replicas": 9}}, ignore=("status",))

    assert "status" not in made
    assert "f:status" not in made["metadata"]["managedFields"][0]["fieldsV1"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (config({"foo": 1}), ".spec.foo: field not declared in schema"),
        ({**config(), "unknownField": 1}, ".unknownField: field not declared in schema"),
        (config({"template": {"metadata": {"x": 1}}}), ".spec.template.metadata.x: field not declared in schema"),
        (config(template({"name": "a"}, {"name": "a"})), 'duplicate entries for key [name="a"]'),
        (config(template({"image": "a"})), "omits all key fields"),
        (config(managedFields=[]), "metadata.managedFields must be nil"),
        ({**config(), "apiVersion": "v1"}, "Incorrect version specified in apply patch"),
    ],
)
def test_what_cannot_be_applied_is_refused(wanted, message):
    with pytest.raises(BadRequest) as refused:
        applied(None, wanted)

    assert message in refused.value.message


words = st.sampled_from("abc")
specs = st.fixed_dictionaries(
    {},
    optional={
        "replicas": st.integers(0, 3),
        "strategy": st.fixed_dictionaries({}, optional={"type": words}),
        "template": st.fixed_dictionaries(
            {},
            optional={
                "metadata": st.fixed_dictionaries({}, optional={"labels": st.dictionaries(words, words)}),
                "spec": st.fixed_dictionaries(
                    {
                        "containers": st.lists(
                            st.fixed_dictionaries({"name": words}, optional={"image": words}),
                            unique_by=lambda each: each["name"],
                        )
                    }
                ),
            },
        ),
    },
)


def _bare(obj):
    """The object without managers; an empty map or list equals an absent one."""
    if isinstance(obj, dict):
        slim = {key: _bare(value) for key, value in obj.items() if key != "managedFields"}
        return {key: value for key, value in slim.items() if value not in ({}, [])}
    return [_bare(each) for each in obj] if isinstance(obj, list) else obj


@given(specs, specs)
def test_a_sole_applier_gets_exactly_what_it_applied_last(first, second):
    live = applied(applied(None, config(first)), config(second))

    assert _bare(live) == _bare(config(second))
    assert _bare(applied(live, config(second), now=T2)) == _bare(live)


@given(specs, specs, st.booleans())
def test_two_appliers_agree_or_conflict(first, second, force):
    live = applied(None, config(first), "first")
    try:
        both = applied(live, config(second), "second", force=force)
    except Conflict as conflict:
        assert not force
        assert conflict.causes
    else:
        assert applied(both, config(second), "second", force=force, now=T2) == both


garbage = st.recursive(
    st.booleans() | st.integers() | words | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["spec", "template", "containers", "name", "replicas", "x"]), inner, max_size=3
        )
    ),
)


@given(st.dictionaries(st.sampled_from(["spec", "status", "x"]), garbage))
def test_any_config_is_applied_or_refused(body):
    try:
        applied(applied(None, config({"replicas": 1})), {**config(), **body})
    except StatusError as error:
        assert error.code < 500
