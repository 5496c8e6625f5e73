import pytest

from sampan.contracts.store import Unavailable, Unusable
from sampan.contracts.transforming import WrappedKey
from sampan_encryption.envelopes import ProviderCipher

KEY, VALUE = "/core/secrets/default/a", b'{"data":{"a":"c2VjcmV0"}}'


class Vault:
    """A key provider whose keys are numbers that it adds to each byte."""

    name = "vault"

    def __init__(self):
        self.number, self.asked, self.away = 1, [], False

    def _ask(self, what):
        self.asked.append(what)
        if self.away:
            raise TimeoutError("no route to the vault")

    def key_id(self):
        self._ask("key_id")
        return str(self.number)

    def encrypt(self, data_key):
        self._ask("encrypt")
        return WrappedKey(bytes((byte + self.number) % 256 for byte in data_key), str(self.number))

    def decrypt(self, wrapped):
        self._ask("decrypt")
        return bytes((byte - int(wrapped.key_id)) % 256 for byte in wrapped.ciphertext)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def vault():
    return Vault()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cipher(vault, clock):
    cipher = ProviderCipher(vault, clock=clock, begin=lambda work: work())
    cipher.prepare()
    return cipher


def test_a_value_is_stored_with_its_encrypted_data_key(cipher, vault):
    sealed = cipher.seal(KEY, VALUE)

    assert sealed.startswith(b"sampan:kms:v1:vault:") and b"c2VjcmV0" not in sealed
    assert cipher.open(KEY, sealed) == VALUE
    assert cipher.tag(sealed) == cipher.current() == "vault/1"
    assert vault.asked == ["encrypt"]  # its own data key is known


def test_another_server_asks_once_for_a_data_key(cipher, vault, clock):
    sealed = [cipher.seal(KEY, VALUE) for _ in range(5)]
    other = ProviderCipher(vault, clock=clock)
    vault.asked.clear()

    assert {other.open(KEY, each) for each in sealed} == {VALUE}
    assert vault.asked == ["decrypt"]


def test_a_key_that_the_provider_rotates_is_noticed_within_a_minute(cipher, vault, clock):
    old = cipher.seal(KEY, VALUE)
    vault.number = 2
    assert cipher.tag(cipher.seal(KEY, VALUE)) == "vault/1"

    clock.now = 60
    cipher.current()

    assert cipher.tag(cipher.seal(KEY, VALUE)) == cipher.current() == "vault/2"
    assert cipher.open(KEY, old) == VALUE


def test_a_provider_that_is_away_stops_nothing_that_has_its_data_key(cipher, vault, clock, caplog):
    sealed = cipher.seal(KEY, VALUE)
    vault.away, clock.now = True, 60

    assert cipher.open(KEY, cipher.seal(KEY, VALUE)) == cipher.open(KEY, sealed) == VALUE
    assert "no route to the vault" in caplog.text


def test_what_cannot_be_decrypted_now_may_be_later(cipher, vault, clock):
    sealed = cipher.seal(KEY, VALUE)
    other = ProviderCipher(vault, clock=clock)
    vault.away = True
    with pytest.raises(Unavailable, match="the key provider vault cannot be used: no route"):
        other.open(KEY, sealed)
    with pytest.raises(Unavailable):
        other.prepare()
    with pytest.raises(Unavailable, match="has not been asked yet"):
        other.current()

    vault.away = False
    assert other.open(KEY, sealed) == VALUE


@pytest.mark.parametrize("cut", [0, 1, 10, 90])
def test_what_is_cut_off_is_unusable(cipher, cut):
    sealed = cipher.seal(KEY, VALUE)

    with pytest.raises(Unusable):
        cipher.open(KEY, sealed[: len(cipher.mark) + cut])


def test_a_data_key_of_another_length_is_unusable(cipher, vault, clock):
    sealed = cipher.seal(KEY, VALUE)
    vault.decrypt = lambda wrapped: b"short"

    with pytest.raises(Unusable, match="a data key of 5 bytes"):
        ProviderCipher(vault, clock=clock).open(KEY, sealed)
