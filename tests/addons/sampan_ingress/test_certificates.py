from __future__ import annotations

import stat

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sampan_ingress.certificates import BadCertificate, from_secret, self_signed, write_private


def test_a_pair_is_written_again_and_named_by_its_content(made):
    certificate, key = made.pair("a.example.com")
    clean = from_secret(made.secret("s", certificate, key))
    noisy = from_secret(made.secret("s", b"ssl_engine evil;\n" + certificate + b"\n# more\n", key))

    assert clean == noisy
    assert clean.pem == certificate + key
    assert "PRIVATE" not in repr(clean)


def test_what_nginx_could_not_use_is_refused_in_words(made):
    certificate, key = made.pair("a.example.com")
    _, other = made.pair("b.example.com")
    small = made.pair("c.example.com", key=rsa.generate_private_key(65537, 1024))

    for wrong, why in [
        (made.secret("s", certificate, other), "does not belong"),
        (made.secret("s", b"nonsense", key), "no readable certificate"),
        (made.secret("s", certificate, b"nonsense"), "no readable private key"),
        (made.secret("s", certificate, b""), "tls.key is empty"),
        (made.secret("s", *small), "1024 bits"),
        ({"data": {"tls.crt": "!"}}, "not base64"),
        ({}, "tls.crt is empty"),
    ]:
        with pytest.raises(BadCertificate, match=why):
            from_secret(wrong)


def test_the_default_certificate_is_made_once(tmp_path):
    first = self_signed(tmp_path / "default.pem")

    assert self_signed(tmp_path / "default.pem") == first
    (tmp_path / "default.pem").write_bytes(first.pem[:100])
    assert self_signed(tmp_path / "default.pem") != first


def test_keys_are_for_their_owner_only(tmp_path):
    write_private(tmp_path / "key.pem", b"x")
    write_private(tmp_path / "key.pem", b"y")

    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key.pem"]
