import pytest

from sampan.contracts.store import Unusable
from sampan_encryption.transformer import Transformer


class Word:
    """Seals with a word."""

    def __init__(self, word):
        self.mark = word.encode() + b":"

    def current(self):
        return self.mark.decode()

    def seal(self, key, value):
        return self.mark + value

    def open(self, key, sealed):
        return sealed[len(self.mark) :]

    def tag(self, sealed):
        return self.current()


A, B = Word("a"), Word("b")


def test_one_cipher_seals_and_all_open():
    transformer = Transformer([A, B], B)

    assert transformer.to_stored("k", b"{}") == b"b:{}"
    assert [transformer.from_stored("k", each) for each in (b"a:{}", b"b:{}", b"{}")] == [b"{}"] * 3
    assert [transformer.tag(each) for each in (b"a:{}", b"b:{}", b"{}")] == ["a:", "b:", ""]
    assert transformer.current() == "b:"


def test_without_a_writer_values_are_written_in_the_clear_and_read_all_the_same():
    transformer = Transformer([A], None)

    assert transformer.to_stored("k", b"{}") == b"{}"
    assert transformer.from_stored("k", b"a:{}") == b"{}"
    assert transformer.current() == ""


def test_what_another_program_has_encrypted_is_refused():
    with pytest.raises(Unusable, match="encrypted in a way that is not known here"):
        Transformer([A], A).from_stored("k", b"k8s:enc:aesgcm:v1:x")
