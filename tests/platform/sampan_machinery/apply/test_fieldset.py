import json

from hypothesis import given
from hypothesis import strategies as st

from sampan_machinery.apply import fieldset
from sampan_machinery.apply.fieldset import difference, intersection, is_field_set, members, path_text, union

labels = st.sampled_from(["f:a", "f:b", 'k:{"name":"x"}', 'v:"y"'])
below = st.recursive(st.just({}), lambda inner: st.dictionaries(labels | st.just("."), inner, max_size=3), max_leaves=8)
sets = st.dictionaries(labels, below, max_size=4)


def flat(fields):
    return set(members(fields))


def clean(fields):
    """Hypothesis nests below "."; real sets do not."""
    return {label: {} if label == "." else clean(inner) for label, inner in fields.items()}


@given(sets, sets)
def test_sets_of_fields_are_sets(left, right):
    left, right = clean(left), clean(right)

    assert flat(union(left, right)) == flat(left) | flat(right)
    assert flat(intersection(left, right)) == flat(left) & flat(right)
    assert flat(difference(left, right)) == flat(left) - flat(right)
    kept = {p for p in flat(left) if not any(p[: len(gone)] == gone for gone in flat(right))}
    assert flat(fieldset.recursive_difference(left, right)) == kept


@given(sets)
def test_a_set_less_itself_is_empty(fields):
    fields = clean(fields)

    assert difference(fields, fields) == {}
    assert union(fields, {}) == fields


def test_paths_have_the_form_of_conflict_messages():
    path = ("f:spec", 'k:{"containerPort":80,"protocol":"TCP"}', 'v:"x"', "i:0", "k:broken")

    assert path_text(path) == '.spec[containerPort=80,protocol="TCP"][="x"][0][broken]'


def test_untrusted_sets_are_checked():
    deep = {}
    for _ in range(500):
        deep = {"f:a": deep}

    assert is_field_set({"f:a": {".": {}, "f:b": {}}})
    assert not any(map(is_field_set, [None, [], {"x": {}}, {"f:a": 1}, {"f:a": {"f:b": None}}, deep]))


def test_labels_stand_in_order_at_every_depth():
    fields = {"f:b": {"k:{}": {}, ".": {}, "f:a": {"f:y": {}, "f:x": {}}}, "f:a": {}}

    assert json.dumps(fieldset.in_order(fields)) == json.dumps(fields, sort_keys=True)
