from __future__ import annotations

import pytest

from sampan.errors import ConfigError
from sampan_dashboard.sealing import LEAST, Sealer, sealer_of

OLD, NEW = "o" * LEAST, "n" * LEAST


def test_what_is_sealed_opens_for_its_purpose_alone():
    sealer = Sealer([OLD])

    sealed = sealer.seal("session", b"secret")

    assert sealer.open("session", sealed) == b"secret"
    assert sealer.open("sign-in", sealed) is None
    assert Sealer([NEW]).open("session", sealed) is None
    assert b"secret" not in sealed.encode() and sealed != sealer.seal("session", b"secret")


def test_a_new_key_before_the_old_one_signs_no_one_out():
    sealed = Sealer([OLD]).seal("session", b"a")
    both = Sealer([NEW, OLD])

    assert both.open("session", sealed) == b"a"
    assert Sealer([NEW]).open("session", both.seal("session", b"b")) == b"b"


@pytest.mark.parametrize("at", [0, 5, 20, -1])
def test_what_was_changed_does_not_open(at):
    # Twenty bytes: with nonce and tag all bits of the text count.
    sealed = list(Sealer([OLD]).seal("session", b"twenty bytes, no bits"[:20]))
    sealed[at] = "A" if sealed[at] != "A" else "B"

    assert Sealer([OLD]).open("session", "".join(sealed)) is None


@pytest.mark.parametrize("text", ["", "A", "AAAA", "ü", "a b", "=" * 40, "A" * 16, "A" * 10_000])
def test_anything_else_is_nothing(text):
    assert Sealer([OLD]).open("session", text) is None


def test_keys_come_from_the_lines_of_a_file(tmp_path):
    file = tmp_path / "key"
    file.write_text(f" {NEW}\n\n{OLD}\n")

    sealer = sealer_of(str(file))

    assert sealer.open("session", Sealer([OLD]).seal("session", b"a")) == b"a"
    assert Sealer([NEW]).open("session", sealer.seal("session", b"a")) == b"a"
    assert sealer_of("") is None


@pytest.mark.parametrize("content", [b"", b"\n \n", b"short", OLD.encode() + b"\nshort", b"\xff" * 40, None])
def test_a_file_without_good_keys_is_named(tmp_path, content):
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ConfigError, match="session_key_file"):
        sealer_of(str(file))
