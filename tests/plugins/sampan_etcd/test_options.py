from __future__ import annotations

import pytest

from sampan.errors import ConfigError
from sampan_etcd.options import read_url


def test_members_and_settings_come_from_the_url(tmp_path):
    (tmp_path / "ca").write_text("x")
    found = read_url(f"etcd://a:1,b,[::1]:3?prefix=/x/y&timeout=3&ca={tmp_path}/ca")

    assert found.members == ("a:1", "b:2379", "[::1]:3")
    assert (found.prefix, found.timeout, found.ca) == ("/x/y", 3, f"{tmp_path}/ca")


def test_a_password_is_not_shown():
    found = read_url("etcd://me:s%40crt@a:1")

    assert (found.username, found.password) == ("me", "s@crt")
    assert "crt" not in repr(found)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("etcd:", "name the members"),
        ("etcd://", "name the members"),
        ("etcd://a:x", "'a:x' is not the host:port"),
        ("etcd://a:70000", "is not the host:port"),
        ("etcd://a/path", "is not the host:port"),
        ("etcd://a?prefx=/b", "prefx is not a setting of etcd"),
        ("etcd://a?timeout=soon", "must be a whole number"),
        ("etcd://a?timeout=0", "at least 1"),
        ("etcd://a?prefix=b", "must begin with a /"),
        ("etcd://a?prefix=/b/", "not end with one"),
        ("etcd://a?cert=/dev/null", "cert and key go together"),
        ("etcd://a?cert=/dev/null&key=/dev/null", "needs ca, too"),
        ("etcd://a?ca=/nowhere", "cannot be read"),
        ("etcd://a?username=me", "username and password go together"),
    ],
)
def test_what_is_wrong_with_a_url_is_said(url, why):
    with pytest.raises(ConfigError, match=why):
        read_url(url)
