from __future__ import annotations

import base64

import pytest

from sampan_machinery.bootstrap_tokens import (
    NODES_GROUP,
    Token,
    end_of,
    fields_of,
    hashes_of,
    is_signed,
    parse,
    secret_of,
    signature,
    token_of,
)

SECRET = "0123456789abcdef"
NOW = 1_800_000_000.0


def test_a_token_is_six_and_sixteen_letters_and_digits():
    assert parse(f"abcdef.{SECRET}") == ("abcdef", SECRET)
    for wrong in ("", "abcdef", f"ABCDEF.{SECRET}", f"abcdef.{SECRET}0", f" abcdef.{SECRET}"):
        with pytest.raises(ValueError, match="looks like"):
            parse(wrong)


def test_the_secret_is_as_kubeadm_writes_it():
    made = secret_of(Token("abcdef", SECRET, NOW, description="for racks"))

    assert made["type"] == "bootstrap.kubernetes.io/token"
    assert made["metadata"] == {"name": "bootstrap-token-abcdef", "namespace": "kube-system"}
    assert fields_of(made) == {
        "token-id": "abcdef", "token-secret": SECRET, "usage-bootstrap-signing": "true",
        "usage-bootstrap-authentication": "true", "auth-extra-groups": NODES_GROUP,
        "expiration": "2027-01-15T08:00:00Z", "description": "for racks",
    }  # fmt: skip


def test_what_a_secret_says_is_read_back():
    for token in (Token("abcdef", SECRET, NOW, ("signing",), (), "x"), Token("abcdef", SECRET)):
        assert token_of(secret_of(token)) == token


def test_a_secret_of_another_name_or_form_is_no_token():
    made = secret_of(Token("abcdef", SECRET))

    assert token_of({**made, "metadata": {"name": "bootstrap-token-other1"}}) is None
    assert token_of({**made, "data": {}}) is None
    assert token_of({**made, "data": {"token-id": "!"}}) is None


def test_an_end_that_cannot_be_read_is_over():
    assert end_of("") is None
    assert end_of("tomorrow") == float("-inf")
    assert end_of("2027-01-15T08:00:00Z") == NOW


def test_a_signature_counts_for_its_content_and_token_alone():
    signed = signature("content", "abcdef", SECRET)

    assert is_signed("content", signed, "abcdef", SECRET)
    assert not is_signed("other", signed, "abcdef", SECRET)
    assert not is_signed("content", signed, "abcdef", SECRET[::-1])
    assert not is_signed("content", signed, "ghijkl", SECRET)
    assert not is_signed("content", signature("content", "ghijkl", SECRET), "abcdef", SECRET)


def test_a_signature_by_no_algorithm_or_of_no_form_counts_for_nothing():
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"abcdef"}').decode().rstrip("=")

    for forged in (f"{none}..", "", "..", "a.b.c", "é..x", f"{none}"):
        assert not is_signed("content", forged, "abcdef", SECRET)


def test_a_hash_names_its_kind():
    assert hashes_of([f"sha256:{'A' * 64}"]) == (f"sha256:{'a' * 64}",)
    for wrong in ("a" * 64, "sha1:" + "a" * 64, "sha256:12"):
        with pytest.raises(ValueError, match="no hash"):
            hashes_of([wrong])
