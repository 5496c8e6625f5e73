from __future__ import annotations

from dataclasses import replace

import pytest

from sampan_ingress.building import lay_over, read_parts
from sampan_ingress.model import Match, Upstream


def built(seen, fallbacks):
    parts, complaints = read_parts(seen, fallbacks)
    found = lay_over(parts, fallbacks)
    return found.configuration, [*complaints, *found.complaints]


def server(configuration, host):
    return next(one for one in configuration.servers if one.host == host)


def locations(configuration, host):
    """(how, path, upstream's name or None) each."""
    return [
        (one.match.value, one.path, one.upstream.name if one.upstream else None)
        for one in server(configuration, host).locations
    ]


def test_without_ingresses_there_is_the_server_for_everything(made, fallbacks):
    configuration, complaints = built(made.seen(), fallbacks)

    assert locations(configuration, "") == [("prefix", "", None)]
    assert (configuration.upstreams, complaints) == ((), [])


def test_exact_goes_before_prefix_and_the_longest_first(made, fallbacks):
    paths = [made.path("/a"), made.path("/a/b"), made.path("/a/b", "Exact"), made.path("/", "Exact")]
    configuration, _ = built(made.seen(made.ingress("web", made.rule("x.org", *paths))), fallbacks)

    assert locations(configuration, "x.org") == [
        ("exact", "/a/b", "default_web_80"), ("exact", "/", "default_web_80"),
        ("prefix", "/a/b", "default_web_80"), ("prefix", "/a", "default_web_80"), ("prefix", "", None),
    ]  # fmt: skip


def test_of_two_that_want_the_same_path_the_older_has_it(made, fallbacks):
    old = made.ingress("z-old", made.rule("x.org", made.path("/a")), made="2025-01-01T00:00:00Z")
    new = made.ingress("new", made.rule("x.org", made.path("/a/", to=made.backend("api")), made.path("/b")))
    services = [made.service(), made.service("api")]

    configuration, complaints = built(made.seen(old, new, services=services), fallbacks)

    assert ("prefix", "/a", "default_web_80") in locations(configuration, "x.org")
    assert ("prefix", "/b", "default_web_80") in locations(configuration, "x.org")
    assert [(one.ingress.name, one.reason, one.message) for one in complaints] == [
        ("new", "Conflict", "prefix path /a of host x.org is served for the older Ingress default/z-old")
    ]


def test_the_default_backend_of_an_ingress_is_for_its_hosts(made, fallbacks):
    services = [made.service(), made.service("rest")]
    with_rules = made.ingress("a", made.rule("x.org", made.path("/a")), defaultBackend=made.backend("rest"))
    alone = made.ingress("b", defaultBackend=made.backend("rest"))

    configuration, _ = built(made.seen(with_rules, services=services), fallbacks)
    assert locations(configuration, "x.org")[-1] == ("prefix", "", "default_rest_80")
    assert locations(configuration, "") == [("prefix", "", None)]

    configuration, _ = built(made.seen(alone, services=services), fallbacks)
    assert locations(configuration, "") == [("prefix", "", "default_rest_80")]


def test_a_rule_without_paths_is_the_default_backends(made, fallbacks):
    configuration, _ = built(made.seen(made.ingress("a", {"host": "x.org"}, defaultBackend=made.backend())), fallbacks)

    assert locations(configuration, "x.org") == [("prefix", "", "default_web_80")]


def test_a_path_that_an_ingress_names_goes_before_a_default_backend(made, fallbacks):
    first = made.ingress("a", made.rule("x.org", made.path("/a")), defaultBackend=made.backend())
    second = made.ingress("b", made.rule("x.org", made.path("/", to=made.backend("api"))))

    configuration, complaints = built(
        made.seen(first, second, services=[made.service(), made.service("api")]), fallbacks
    )

    assert locations(configuration, "x.org")[-1] == ("prefix", "", "default_api_80")
    assert complaints == []


def test_the_controllers_default_backend_is_for_what_is_left(made, fallbacks):
    fallbacks = replace(fallbacks, backend=Upstream("rest"))
    configuration, _ = built(made.seen(made.ingress("a", made.rule("x.org", made.path("/a")))), fallbacks)

    assert locations(configuration, "x.org")[-1] == locations(configuration, "")[-1] == ("prefix", "", "rest")
    assert configuration.upstreams[-1] == Upstream("rest")


def test_certificates_are_chosen_by_host(made, fallbacks):
    mine, wild = made.secret("mine", *made.pair("a.x.org")), made.secret("wild", *made.pair("*.x.org"))
    rules = [made.rule(host) for host in ("a.x.org", "b.x.org", "c.y.org")]
    tls = [{"hosts": ["*.x.org"], "secretName": "wild"}, {"hosts": ["a.x.org"], "secretName": "mine"}]

    configuration, complaints = built(made.seen(made.ingress("w", *rules, tls=tls), secrets=[mine, wild]), fallbacks)

    names = {host: server(configuration, host).certificate for host in ("a.x.org", "b.x.org", "c.y.org", "")}
    assert names["c.y.org"] == names[""] == fallbacks.certificate
    assert len({one.name for one in names.values()}) == 3
    assert server(configuration, "a.x.org").locations[0].to_tls
    assert not server(configuration, "c.y.org").locations[0].to_tls
    assert complaints == []
    assert len(configuration.certificates) == 3


def test_a_bad_certificate_is_told_and_the_default_used(made, fallbacks):
    tls = [{"hosts": ["a.org"], "secretName": "gone"}]

    configuration, complaints = built(
        made.seen(made.ingress("w", made.rule("a.org"), made.rule("b.org"), tls=tls)), fallbacks
    )

    assert server(configuration, "a.org").certificate == fallbacks.certificate
    assert server(configuration, "a.org").locations[0].to_tls
    assert [(one.reason, one.message) for one in complaints] == [(
        "CertificateUnavailable",
        "Secret default/gone: does not exist, or is not of type kubernetes.io/tls; the default certificate is used",
    )]  # fmt: skip


def test_the_redirect_can_be_turned_off_or_forced(made, fallbacks):
    prefix = "ingress.sampan.dev/"
    off = made.ingress(
        "a", made.rule("a.org"), annotations={prefix + "ssl-redirect": "false"}, tls=[{"hosts": ["a.org"]}]
    )
    forced = made.ingress("b", made.rule("b.org"), annotations={prefix + "force-ssl-redirect": "true"})

    configuration, _ = built(made.seen(off, forced), fallbacks)

    assert not server(configuration, "a.org").locations[0].to_tls
    assert server(configuration, "b.org").locations[0].to_tls


@pytest.mark.parametrize(
    "wrong",
    [
        {"annotations": {"ingress.sampan.dev/proxy-body-size": "lots"}},
        {"annotations": {"nginx.ingress.kubernetes.io/configuration-snippet": "return 200;"}},
    ],
)
def test_a_wrong_annotation_refuses_that_ingress_alone(made, fallbacks, wrong):
    bad, good = made.ingress("bad", made.rule("bad.org"), **wrong), made.ingress("good", made.rule("good.org"))

    configuration, complaints = built(made.seen(bad, good), fallbacks)

    assert [one.host for one in configuration.servers] == ["", "good.org"]
    assert [(one.ingress.name, one.reason) for one in complaints] == [("bad", "Rejected")]


@pytest.mark.parametrize(
    ("host", "path", "kind"),
    [
        ('x"; } server {', "/", "Prefix"), ("x.org)", "/", "Prefix"), ("x.org", "/a\n", "Prefix"),
        ("$host", "/", "Exact"), ("x.org", "/%0a", "Prefix"), ("x.org", "/" + "a" * 3000, "ImplementationSpecific"),
    ],
)  # fmt: skip
def test_what_a_lax_server_let_through_is_refused_here(made, fallbacks, host, path, kind):
    configuration, complaints = built(made.seen(made.ingress("w", made.rule(host, made.path(path, kind)))), fallbacks)

    assert [one.host for one in configuration.servers] == [""]
    assert [one.reason for one in complaints] == ["Rejected"]


def test_what_has_no_effect_is_told(made, fallbacks):
    asked = made.ingress("w", made.rule("a.org"), annotations={"nginx.ingress.kubernetes.io/enable-cors": "true"})

    configuration, complaints = built(made.seen(asked), fallbacks)

    assert [one.host for one in configuration.servers] == ["", "a.org"]
    assert [(one.reason, one.message) for one in complaints] == [
        ("AnnotationIgnored", "nginx.ingress.kubernetes.io/enable-cors is not known and has no effect")
    ]


def test_missing_services_are_told_once(made, fallbacks):
    rules = made.rule("a.org", made.path("/a"), made.path("/b"))

    configuration, complaints = built(made.seen(made.ingress("w", rules), services=[]), fallbacks)

    assert [one.message for one in complaints] == ["Service default/web does not exist; answered 503"]
    assert configuration.upstreams == (Upstream("default_web_80"),)


def test_those_left_out_leave_no_trace(made, fallbacks):
    parts, _ = read_parts(
        made.seen(made.ingress("a", made.rule("a.org")), made.ingress("b", made.rule("b.org"))), fallbacks
    )

    assert [one.host for one in lay_over(parts, fallbacks, without={parts[0].key}).configuration.servers] == [
        "",
        "b.org",
    ]


def test_regular_expressions_are_asked_for(made, fallbacks):
    paths = [made.path("/a(/|$)(.*)", "ImplementationSpecific")]
    asked = made.ingress("w", made.rule("a.org", *paths), annotations={"ingress.sampan.dev/rewrite-target": "/$2"})

    configuration, _ = built(made.seen(asked), fallbacks)

    assert server(configuration, "a.org").locations[0].match is Match.REGEX
