import base64

import pytest

from sampan_config.data import LARGEST, check_immutable, check_keys, check_size, decoded_size, text_size


def paths(problems):
    return [problem.path for problem in problems]


@pytest.mark.parametrize("data", [b"", b"a", b"ab", b"abc", b"abcd"])
def test_the_size_of_base64_is_that_of_its_bytes(data):
    assert decoded_size(base64.b64encode(data).decode()) == len(data)


def test_text_counts_in_bytes():
    assert text_size("plain") == 5
    assert text_size("zoë€") == 7
    assert text_size("\ud800") == 3  # half a pair: no error, it is refused elsewhere


def test_keys_are_file_names():
    found = dict.fromkeys(paths(check_keys("data", ["ok.txt", "../up", "a b"])))

    assert list(found) == ["data[../up]", "data[a b]"]


def test_all_values_together_are_bounded():
    assert list(check_size("data", [LARGEST - 1, 1])) == []
    assert paths(check_size("data", [LARGEST, 1])) == ["data"]


def test_an_immutable_object_keeps_its_mark_and_its_data():
    old = {"immutable": True, "data": {"a": "1"}}

    assert list(check_immutable({**old, "metadata": {"labels": {"x": "y"}}}, old, ["data", "binaryData"])) == []
    assert paths(check_immutable({"data": {"a": "1"}}, old, ["data"])) == ["immutable"]
    assert paths(check_immutable({"immutable": True, "data": {"a": "2"}}, old, ["data"])) == ["data"]
    assert list(check_immutable({"immutable": True, "data": {"a": "1"}, "binaryData": {}}, old, ["binaryData"])) == []
    assert list(check_immutable({"data": {}}, {"data": {"a": "1"}}, ["data"])) == []
