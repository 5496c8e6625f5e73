import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sampan_machinery import yamlin, yamlout

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def test_it_reads_like_a_manifest():
    found = {
        "kind": "Pod",
        "apiVersion": "v1",
        "spec": {"containers": [{"name": "a", "args": ["x", "1"]}], "volumes": []},
    }

    assert yamlout.encode(found).decode() == (
        'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - args:\n    - x\n    - "1"\n    name: a\n  volumes: []\n'
    )


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_a_reader_gets_the_same_value_back(value):
    assert yaml.safe_load(yamlout.encode(value)) == value


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=4))
def test_our_own_reader_gets_the_same_value_back(value):
    assert yamlin.decode(yamlout.encode(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "y",
        "No",
        "1e3",
        "0x1",
        "~",
        "",
        "null",
        "<<",
        "- a",
        "a: b",
        "#",
        "\x7f\x85\u2028\ufeff",
        "é" * 2000,
        "x" * 2000,
    ],
)
def test_text_stays_text(text):
    assert yaml.safe_load(yamlout.encode({"a": text, text: 1})) == {"a": text, text: 1}
