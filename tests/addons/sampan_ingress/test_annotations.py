from __future__ import annotations

import pytest

from sampan_ingress.annotations import BadAnnotation, read, unknown
from sampan_ingress.model import LocationOptions

OURS, THEIRS = "ingress.sampan.dev/", "nginx.ingress.kubernetes.io/"


@pytest.mark.parametrize(
    ("word", "text", "field", "value"),
    [
        ("backend-protocol", "GRPC", "protocol", "GRPC"), ("ssl-redirect", "false", "ssl_redirect", False),
        ("force-ssl-redirect", "true", "force_ssl_redirect", True), ("proxy-body-size", "8m", "body_size", 8 << 20),
        ("proxy-body-size", "0", "body_size", 0), ("proxy-read-timeout", "3600", "read_timeout", 3600),
        ("proxy-buffering", "on", "buffering", True), ("use-regex", "true", "use_regex", True),
        ("whitelist-source-range", "10.0.0.0/8, 192.168.1.1", "allow", ("10.0.0.0/8", "192.168.1.1/32")),
        ("allowlist-source-range", "fd00::1/64", "allow", ("fd00::/64",)),
        ("rewrite-target", "/$2", "rewrite", "/$2"), ("denylist-source-range", "10.0.0.0/8", "deny", ("10.0.0.0/8",)),
        ("limit-rps", "5", "rate", 5), ("limit-connections", "7", "connections", 7),
        ("app-root", "/a", "app_root", "/a"),
        ("upstream-vhost", "a.org:8080", "host", "a.org:8080"),
        ("permanent-redirect", "https://a.org/x?y=z", "moved_to", "https://a.org/x?y=z"),
        ("temporal-redirect", "http://a.org", "found_at", "http://a.org"),
        ("balance", "client_ip", "balance", "client_ip"),
    ],
)  # fmt: skip
def test_a_word_is_known_under_both_prefixes(word, text, field, value):
    for prefix in (OURS, THEIRS):
        assert getattr(read({prefix + word: text}, LocationOptions()), field) == value


def test_our_prefix_goes_first_and_the_rest_is_as_given():
    found = read(
        {OURS + "proxy-read-timeout": "5", THEIRS + "proxy-read-timeout": "7"}, LocationOptions(send_timeout=9)
    )

    assert (found.read_timeout, found.send_timeout) == (5, 9)


def test_other_annotations_mean_nothing_and_those_under_the_prefixes_are_named():
    given = {"a": "b", THEIRS + "unheard-of": "x", OURS + "balance": "round_robin"}

    assert read(given, LocationOptions()) == LocationOptions()
    assert unknown(given) == [THEIRS + "unheard-of"]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("backend-protocol", "http"), ("ssl-redirect", "yes"), ("proxy-body-size", "1m; evil"),
        ("proxy-body-size", "-1"), ("proxy-read-timeout", "0"), ("proxy-read-timeout", "60s"),
        ("proxy-read-timeout", "٣"), ("proxy-read-timeout", "999999999999"), ("proxy-buffering", "true"),
        ("whitelist-source-range", "10.0.0.0/8; allow all"), ("whitelist-source-range", ""),
        ("rewrite-target", "relative"), ("rewrite-target", "/$request_uri"), ("rewrite-target", "/a b"),
        ("rewrite-target", '/"; return 200 "'), ("rewrite-target", "/a?b"), ("rewrite-target", "/" + "a" * 1000),
        ("rewrite-target", "/a\n"), ("balance", "random"), ("limit-rps", "0"), ("limit-rps", "1r"),
        ("upstream-vhost", "a.org; x"), ("upstream-vhost", "$host"), ("permanent-redirect", "javascript:x"),
        ("temporal-redirect", "https://a.org/$uri"), ("app-root", "/$1"), ("denylist-source-range", "x"),
        ("configuration-snippet", "return 200;"), ("server-snippet", ""), ("auth-url", "http://x"),
        ("auth-tls-secret", "a/b"),
        ("satisfy", "any"),
    ],
)  # fmt: skip
def test_a_wrong_value_refuses_the_whole_ingress(word, text):
    for prefix in (OURS, THEIRS):
        with pytest.raises(BadAnnotation, match=f"annotation {prefix}{word} "):
            read({prefix + word: text}, LocationOptions())
