from __future__ import annotations

import pytest

from sampan.errors import ConfigError
from sampan_postgres.connections import read_settings
from sampan_postgres.options import read_url


def test_ours_are_taken_out_and_the_rest_is_libpqs():
    found = read_url("postgresql://me:s%40crt@a,b/db?sslmode=require&schema=two&timeout=3")
    settings = read_settings(found)

    assert (found.schema, found.timeout) == ("two", 3)
    assert (settings["user"], settings["password"], settings["host"]) == ("me", "s@crt", "a,b")
    assert (settings["sslmode"], settings["target_session_attrs"]) == ("require", "read-write")
    assert "crt" not in repr(found)


def test_what_the_url_says_goes_before_what_we_think():
    settings = read_settings(read_url("postgresql://a,b/db?target_session_attrs=any&keepalives_idle=60"))

    assert (settings["target_session_attrs"], settings["keepalives_idle"]) == ("any", "60")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql:db", "by a URL"),
        ("postgresql://a/db?schema=Two", "schema must be a name"),
        ("postgresql://a/db?schema=", "schema must be a name"),
        ("postgresql://a/db?timeout=soon", "must be a whole number"),
        ("postgresql://a/db?timeout=0", "at least 1"),
    ],
)
def test_what_is_wrong_with_ours_is_said(url, why):
    with pytest.raises(ConfigError, match=why):
        read_url(url)


def test_what_is_wrong_with_libpqs_is_said_without_the_password():
    with pytest.raises(ConfigError, match="does not understand the URL") as caught:
        read_settings(read_url("postgresql://me:s3crt@a/db?sslmod=require"))

    assert "s3crt" not in str(caught.value)
