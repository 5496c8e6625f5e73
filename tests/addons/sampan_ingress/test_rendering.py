"""What a configuration looks like in nginx's words, and that nothing of an Ingress can change its shape."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sampan_ingress.building import lay_over, read_parts
from sampan_ingress.directives import written
from sampan_ingress.rendering import rendered

ANYTHING = st.text(max_size=30) | st.sampled_from(
    [
        '"; } server { listen 1',
        "/a;b",
        "/${host}",
        "/a\\",
        '/"',
        "/a b",
        "x.org",
        "*.x.org",
        "/a'b",
        "/#",
        "/$1",
        "8m",
        "/{",
    ]
)


def shape(directives):
    """Names and how many words, without the words: what an attacker would want to change."""
    return [(one.name, len(one.words), None if one.block is None else shape(one.block)) for one in directives]


def rendered_for(made, fallbacks, place, *ingresses):
    parts, complaints = read_parts(made.seen(*ingresses), fallbacks)
    return rendered(lay_over(parts, fallbacks).configuration, place, "g"), complaints


def blocks(directives, name):
    http = next(one for one in directives if one.name == "http")
    return [one for one in http.block if one.name == name]


def words(directive, name):
    return [one.words for one in directive.block if one.name == name]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(host=ANYTHING, path=ANYTHING, kind=st.sampled_from(["Exact", "Prefix"]), target=ANYTHING)
def test_no_value_of_an_ingress_changes_the_shape_of_the_file(made, fallbacks, place, host, path, kind, target):
    plain = {"ingress.sampan.dev/rewrite-target": "/x"}
    harmless = made.ingress("w", made.rule("x.org", made.path("/p", kind)), annotations=plain)
    nasty = made.ingress(
        "w", made.rule(host, made.path(path, kind)), annotations={"ingress.sampan.dev/rewrite-target": target}
    )

    found, complaints = rendered_for(made, fallbacks, place, nasty)

    text = written(found)  # nothing that got here is unwritable
    if complaints:
        assert shape(found) == shape(rendered_for(made, fallbacks, place)[0])
    elif host not in ("", "_") and path.rstrip("/"):
        assert shape(found) == shape(rendered_for(made, fallbacks, place, harmless)[0])
    assert "\n" not in text.replace(";\n", "").replace("{\n", "").replace("}\n", "")


def test_a_prefix_is_the_path_itself_and_all_below_it(made, fallbacks, place):
    paths = [made.path("/a"), made.path("/a", "Exact"), made.path("/b")]
    found, _ = rendered_for(made, fallbacks, place, made.ingress("w", made.rule("x.org", *paths)))

    assert words(blocks(found, "server")[-1], "location") == [
        ("=", "/a"), ("/a/",), ("=", "/b"), ("/b/",), ("/",)
    ]  # fmt: skip


def test_a_path_that_ends_in_a_slash_is_exactly_that(made, fallbacks, place):
    """With ``= /a/`` nginx would answer /a itself, by a redirect. Of expressions the first that fits counts."""
    paths = [made.path("/.*", "ImplementationSpecific"), made.path("/a.b/", "Exact"), made.path("/", "Exact")]
    regex = {"ingress.sampan.dev/use-regex": "true"}
    found, complaints = rendered_for(
        made, fallbacks, place, made.ingress("w", made.rule("x.org", *paths), annotations=regex)
    )

    assert not complaints
    assert words(blocks(found, "server")[-1], "location") == [
        ("~", r"^/a\.b/\z"), ("=", "/"), ("/",), ("~*", "^/.*")
    ]  # fmt: skip


def test_a_wildcard_takes_one_label(made, fallbacks, place):
    found, _ = rendered_for(made, fallbacks, place, made.ingress("w", made.rule("*.x-y.org")))

    assert words(blocks(found, "server")[-1], "server_name") == [(r"~^[^.]+\.x\-y\.org$",)]


def test_clients_are_believed_only_where_they_are_trusted_proxies(made, fallbacks, place):
    plain, _ = rendered_for(made, fallbacks, place)
    trusting, _ = rendered_for(made, fallbacks, replace(place, trusted=("10.0.0.0/8",)))

    assert blocks(plain, "set_real_ip_from") == []
    assert [one.words for one in blocks(trusting, "set_real_ip_from")] == [("10.0.0.0/8",)]
    assert blocks(trusting, "geo")[0].block[-1].words == ("10.0.0.0/8", "1")


@pytest.mark.parametrize(
    ("annotation", "value", "directive", "expected"),
    [
        ("backend-protocol", "HTTPS", "proxy_pass", [("https://default_web_80",)]),
        ("backend-protocol", "GRPC", "grpc_pass", [("grpc://default_web_80",)]),
        ("proxy-body-size", "8m", "client_max_body_size", [(str(8 << 20),)]),
        ("proxy-read-timeout", "7", "proxy_read_timeout", [("7s",)]),
        ("proxy-buffering", "on", "proxy_buffering", [("on",)]),
        ("whitelist-source-range", "10.0.0.0/8", "allow", [("10.0.0.0/8",)]),
        ("whitelist-source-range", "10.0.0.0/8", "deny", [("all",)]),
        ("rewrite-target", "/x", "rewrite", [("^", "/x", "break")]),
    ],
)  # fmt: skip
def test_annotations_become_directives(made, fallbacks, place, annotation, value, directive, expected):
    asked = made.ingress("w", made.rule("x.org"), annotations={f"ingress.sampan.dev/{annotation}": value})
    found, _ = rendered_for(made, fallbacks, place, asked)

    location = next(one for one in blocks(found, "server")[-1].block if one.name == "location")
    assert words(location, directive) == expected


def test_balance_and_ipv6(made, fallbacks, place):
    asked = made.ingress("w", made.rule("x.org"), annotations={"ingress.sampan.dev/balance": "client_ip"})
    parts, _ = read_parts(made.seen(asked, slices=[made.slice("web", "fd00::1")]), fallbacks)

    (upstream,) = blocks(rendered(lay_over(parts, fallbacks).configuration, place, "g"), "upstream")
    assert upstream.words == ("default_web_80_client_ip",)
    assert words(upstream, "hash") == [("$remote_addr", "consistent")]
    assert words(upstream, "server") == [("[fd00::1]:8080", "max_fails=0")]
