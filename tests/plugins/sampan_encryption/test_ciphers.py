import pytest

from sampan.contracts.store import Unusable
from sampan_encryption.ciphers import FileCipher
from sampan_pki.key_file import KeyFile, Keys, new_key, parse, write

KEY, VALUE = "/core/secrets/default/a", b'{"data":{"a":"c2VjcmV0"}}'


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "encryption.keys"
    write(path, Keys((new_key("current"),)))
    return path


def test_what_is_sealed_shows_nothing_and_opens_again(path):
    cipher = FileCipher(KeyFile(path))

    sealed = cipher.seal(KEY, VALUE)

    assert sealed.startswith(cipher.mark) and b"c2VjcmV0" not in sealed
    assert cipher.open(KEY, sealed) == VALUE
    assert cipher.tag(sealed) == cipher.current() == parse(path.read_text()).current.name
    assert cipher.seal(KEY, VALUE) != sealed


def test_a_value_does_not_open_under_another_key_nor_changed(path):
    cipher = FileCipher(KeyFile(path))
    sealed = cipher.seal(KEY, VALUE)

    for key, value in ((f"{KEY}b", sealed), (KEY, sealed[:-1] + bytes([sealed[-1] ^ 1])), (KEY, sealed[:-30])):
        with pytest.raises(Unusable, match="cannot be decrypted"):
            cipher.open(key, value)


def test_a_former_key_opens_and_the_new_one_seals(path):
    cipher = FileCipher(KeyFile(path))
    sealed = cipher.seal(KEY, VALUE)

    write(path, parse(path.read_text()).rotated())

    assert cipher.open(KEY, sealed) == VALUE
    assert cipher.tag(cipher.seal(KEY, VALUE)) == cipher.current() != cipher.tag(sealed)


def test_a_key_that_another_server_has_is_asked_for(path, tmp_path):
    sealed = FileCipher(KeyFile(path)).seal(KEY, VALUE)
    other = tmp_path / "other.keys"
    write(other, Keys((new_key("current"),)))

    with pytest.raises(Unusable, match="copy that file from another API server of this store"):
        FileCipher(KeyFile(other)).open(KEY, sealed)


def test_without_a_file_nothing_is_sealed(tmp_path):
    cipher = FileCipher(KeyFile(tmp_path / "none"))

    assert (cipher.seal(KEY, VALUE), cipher.current()) == (VALUE, "")
