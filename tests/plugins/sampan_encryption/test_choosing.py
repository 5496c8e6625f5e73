import pytest

from sampan.contracts.transforming import WrappedKey
from sampan.errors import ConfigError
from sampan_encryption.choosing import chosen
from sampan_encryption.settings import Settings
from sampan_pki.key_file import NAME, KeyFile


class Vault:
    name = "vault"

    def key_id(self):
        return "1"

    def encrypt(self, data_key):
        return WrappedKey(data_key, "1")

    def decrypt(self, wrapped):
        return wrapped.ciphertext


@pytest.fixture
def file(tmp_path):
    file = KeyFile(tmp_path / NAME)
    file.create()
    return file


def test_values_are_sealed_by_the_key_file(tmp_path, file):
    transformer = chosen(str(tmp_path), Settings(), [])

    assert transformer.to_stored("k", b"{}").startswith(b"sampan:aesgcm:v1:key-")


def test_values_are_written_in_the_clear_until_there_is_a_file(tmp_path):
    transformer = chosen(str(tmp_path), Settings(), [])
    assert not (tmp_path / NAME).exists()
    assert (transformer.to_stored("k", b"{}"), transformer.current()) == (b"{}", "")

    KeyFile(tmp_path / NAME).create()

    assert transformer.to_stored("k", b"{}") != b"{}" and transformer.current()


def test_what_is_switched_off_still_reads(tmp_path, file):
    sealed = chosen(str(tmp_path), Settings(), []).to_stored("k", b"{}")

    transformer = chosen(str(tmp_path), Settings(enabled=False), [])

    assert transformer.to_stored("k", b"{}") == b"{}" == transformer.from_stored("k", sealed)


def test_a_provider_is_chosen_by_its_name_and_the_file_still_opens(tmp_path, file):
    sealed = chosen(str(tmp_path), Settings(), []).to_stored("k", b"{}")

    transformer = chosen(str(tmp_path), Settings(provider="vault"), [Vault()])

    assert transformer.current() == "vault/1"
    assert (
        transformer.from_stored("k", transformer.to_stored("k", b"{}")) == transformer.from_stored("k", sealed) == b"{}"
    )


def test_a_provider_that_no_plugin_offers_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="is 'vaultt', which no plugin offers; there are vault"):
        chosen(str(tmp_path), Settings(provider="vaultt"), [Vault()])


def test_a_damaged_file_is_refused_at_the_start(tmp_path):
    (tmp_path / NAME).write_text("odd")

    with pytest.raises(ConfigError):
        chosen(str(tmp_path), Settings(), [])


def test_a_server_without_a_home_transforms_nothing():
    assert chosen("", Settings(), []) is None
