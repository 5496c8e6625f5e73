import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sampan.contracts.store import Unusable
from sampan_encryption.configuration import NamedKey
from sampan_encryption.providers import keyed
from sampan_encryption.secretbox import decrypt

SECRET, OTHER = b"s" * 32, b"o" * 32
VALUE = b'{"data":{"a":"c2VjcmV0"}}'
KEY = "/core/secrets/default/a"
KINDS = ("aescbc", "aesgcm", "secretbox")


def cipher(kind, *names, secret=SECRET):
    return keyed(kind, [NamedKey(name, secret) for name in names])


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_key_seals_and_every_key_opens(kind):
    old, new = cipher(kind, "one"), cipher(kind, "two", "one")

    sealed = old.seal(KEY, VALUE)

    assert sealed.startswith(f"k8s:enc:{kind}:v1:one:".encode()) and VALUE not in sealed
    assert new.open(KEY, sealed) == VALUE
    assert new.seal(KEY, VALUE) != new.seal(KEY, VALUE)
    assert (new.current(), new.tag(sealed)) == (f"{kind}/two", f"{kind}/one")
    assert new.opens(sealed) and not cipher(kind, "three").opens(sealed)


@pytest.mark.parametrize("kind", ["aesgcm", "secretbox"])  # aescbc is not authenticated
def test_another_key_of_the_same_name_does_not_open(kind):
    sealed = cipher(kind, "one").seal(KEY, VALUE)

    with pytest.raises(Unusable, match="the value of /core/secrets/default/a cannot be decrypted"):
        cipher(kind, "one", secret=OTHER).open(KEY, sealed)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_cut_off_does_not_open(kind):
    sealed = cipher(kind, "one").seal(KEY, VALUE)
    head = len(f"k8s:enc:{kind}:v1:one:")

    for size in range(head, len(sealed) - 1):
        if kind != "aescbc" or (size - head) % 16 or size - head <= 16:  # whole blocks may look right by chance
            with pytest.raises(Unusable):
                cipher(kind, "one").open(KEY, sealed[:size])


def test_a_key_whose_name_is_not_listed_does_not_open():
    with pytest.raises(Unusable, match="is not in the configuration"):
        cipher("aesgcm", "two").open(KEY, cipher("aesgcm", "one").seal(KEY, VALUE))


def test_a_value_copied_to_another_name_does_not_open():
    with pytest.raises(Unusable):
        cipher("aesgcm", "one").open("/core/secrets/other/a", cipher("aesgcm", "one").seal(KEY, VALUE))


def test_the_forms_are_those_of_upstream():
    box = cipher("secretbox", "one").seal(KEY, VALUE).removeprefix(b"k8s:enc:secretbox:v1:one:")
    gcm = cipher("aesgcm", "one").seal(KEY, VALUE).removeprefix(b"k8s:enc:aesgcm:v1:one:")
    cbc = cipher("aescbc", "one").seal(KEY, VALUE).removeprefix(b"k8s:enc:aescbc:v1:one:")

    assert decrypt(SECRET, box) == VALUE
    assert AESGCM(SECRET).decrypt(gcm[:12], gcm[12:], KEY.encode()) == VALUE
    assert len(cbc) == 16 + 32  # its start, and the value in whole blocks
