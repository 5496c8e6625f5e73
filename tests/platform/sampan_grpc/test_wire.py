import pytest

from sampan_grpc.wire import MalformedMessage, decode, encode, table

MESSAGES = table("""
    Text: text=1
    Number: n=1:int
    All: n=1:int x=2 y=3:map z=4:[int] b=5:bytes yes=6:bool one=7:Text many=8:[Text] words=9:[str]
""")
VALUE = {
    "n": -5, "x": "text", "y": {"a": "b", "c": ""}, "z": [0, 1, 300, -1], "b": b"\x00\xff", "yes": True,
    "one": {"text": "t"}, "many": [{"text": "u"}, {"text": ""}], "words": ["a", ""],
}  # fmt: skip


def test_what_was_written_is_read():
    assert decode(MESSAGES, "All", encode(MESSAGES, "All", VALUE)) == VALUE


def test_what_is_not_there_has_its_default():
    assert decode(MESSAGES, "All", b"") == {
        "n": 0, "x": "", "y": {}, "z": [], "b": b"", "yes": False, "one": None, "many": [], "words": [],
    }  # fmt: skip


def test_numbers_are_packed_and_read_either_way():
    assert encode(MESSAGES, "All", {"z": [1, 300]}) == b"\x22\x03\x01\xac\x02"
    assert decode(MESSAGES, "All", b"\x20\x01\x20\xac\x02")["z"] == [1, 300]


def test_unknown_fields_are_passed_over():
    assert decode(MESSAGES, "Number", encode(MESSAGES, "All", VALUE)) == {"n": -5}


def test_an_empty_message_is_told_from_none():
    assert encode(MESSAGES, "All", {"one": {}}) == b"\x3a\x00"
    assert encode(MESSAGES, "All", {"one": None}) == b""


@pytest.mark.parametrize("data", [b"\x0a", b"\x0a\x05a", b"\x0b", b"\x80" * 12, b"\x0a\x02\xff\xfe", b"\x08\x01"])
def test_nonsense_is_refused(data):
    with pytest.raises(MalformedMessage):
        decode(MESSAGES, "Text", data)
