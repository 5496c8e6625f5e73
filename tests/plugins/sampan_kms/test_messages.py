"""The bytes of the messages, by protobuf's encoding guide and the numbers of upstream's api.proto."""

from __future__ import annotations

import pytest

from sampan_kms import messages


def test_requests_are_protobufs_bytes():
    assert messages.encrypt_request(b"ab", "u") == b"\x0a\x02ab\x12\x01u"
    assert messages.decrypt_request(b"c", "u", "k", {"a.b": b"\x00"}) == (
        b"\x0a\x01c\x12\x01u\x1a\x01k\x22\x08\x0a\x03a.b\x12\x01\x00"
    )
    assert messages.encrypt_request(b"x" * 300, "")[:3] == b"\x0a\xac\x02"


def test_answers_are_read_and_unknown_fields_passed_over():
    data = b"\x0a\x02v2\x12\x02ok\x1a\x01k" + b"\x20\x96\x01" + b"\x2d\x00\x00\x00\x00" + b"\x31" + b"\x00" * 8

    assert messages.status_of(data) == messages.Status("v2", "ok", "k")
    assert messages.encrypted_of(b"\x0a\x01c\x12\x01k\x1a\x08\x0a\x03a.b\x12\x01\x00") == (b"c", "k", {"a.b": b"\x00"})
    assert messages.plaintext_of(b"\x0a\x01p") == b"p"
    assert messages.plaintext_of(b"") == b""


@pytest.mark.parametrize("data", [b"\x0a", b"\x0a\x05ab", b"\x0b", b"\xff" * 12, b"\x31\x00"])
def test_what_is_no_message_is_refused(data):
    with pytest.raises(ValueError, match=r"ends too early|wire type"):
        messages.status_of(data)
