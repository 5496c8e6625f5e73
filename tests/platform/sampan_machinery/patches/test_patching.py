"""Reading a patch document, and what strict field validation says of it."""

import pytest

from sampan.errors import BadRequest
from sampan_machinery.patches import patching


@pytest.mark.parametrize(
    ("how", "data", "found"),
    [
        ("json", b'[{"op": "add", "path": "/a", "value": 1}]', []),
        ("json", b'[{"op": "remove", "path": "/a", "why": 1}]', ['json patch unknown field "[0].why"']),
        ("json", b'[7, null, true, {"x": 1}]', ['json patch unknown field "[3].x"']),
        ("merge", b'{"a": 1, "a": 2}', ['duplicate field "a"']),
        ("merge", b'{"a": {"b": 1}}', []),
    ],
)
def test_what_is_odd_in_the_document_itself(how, data, found):
    assert patching.problems(how, data, patching.read(how, data)) == found


@pytest.mark.parametrize(
    ("how", "data", "words"),
    [
        ("json", b"{}", "a JSON patch is a list of operations"),
        ("merge", b"[]", "an object is expected"),
        ("strategic", b"{", "error decoding patch"),
        ("json", b"[" + b"1," * 10_000 + b"1]", "10000, got 10001"),
        ("merge", b'{"a":' * 10_100 + b"1" + b"}" * 10_100, "error decoding patch"),
    ],
)
def test_a_document_of_another_shape_is_refused(how, data, words):
    with pytest.raises(BadRequest, match=words):
        patching.read(how, data)


def test_a_strategic_patch_has_whole_numbers_where_they_were_sent_as_fractions():
    assert patching.read("strategic", b'{"a": 2.0}') == {"a": 2}
    assert patching.read("merge", b'{"a": 2.0}') == {"a": 2.0}


def test_copies_are_seen():
    assert patching.copies([{"op": "copy", "from": "/a", "path": "/b"}])
    assert not patching.copies([{"op": "add"}, 7])
