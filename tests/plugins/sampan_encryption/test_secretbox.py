import hashlib

import pytest

from sampan_encryption.secretbox import decrypt, encrypt

KEY, NONCE = bytes(range(32)), bytes(range(24))


def test_the_published_example_of_nacl():
    key = bytes.fromhex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389")
    nonce = bytes.fromhex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37")
    message = bytes.fromhex(
        "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f4"
        "1db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52"
        "f0a089bc76897040e082f937763848645e0705"
    )
    sealed = bytes.fromhex(
        "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b"
        "4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da"
        "99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5"
    )

    assert encrypt(key, nonce, message) == nonce + sealed
    assert decrypt(key, nonce + sealed) == message


def test_a_message_of_several_blocks_is_sealed_as_libsodium_does():
    found = hashlib.sha256(encrypt(KEY, NONCE, bytes(200))).hexdigest()

    assert found == "8c16bce0a1beabc99c69d754084ac12616c59c0a7db03f30b4dde2e4fd0bedc9"


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 63, 64, 65, 1000])
def test_messages_of_any_length_come_back(size):
    message = bytes(each % 251 for each in range(size))

    assert decrypt(KEY, encrypt(KEY, NONCE, message)) == message


def test_what_was_changed_is_refused():
    box = encrypt(KEY, NONCE, b"three planks")

    for index in range(len(box)):
        with pytest.raises(ValueError, match="its tag is wrong"):
            decrypt(KEY, box[:index] + bytes([box[index] ^ 1]) + box[index + 1 :])
    with pytest.raises(ValueError, match="cut off"):
        decrypt(KEY, box[:39])
