from __future__ import annotations

from sampan_ingress.observed import Key, key_in, named_by, ours, service_of


def test_ours_are_those_of_a_class_with_our_controller(made):
    other = {"metadata": {"name": "other"}, "spec": {"controller": "example.com/x"}}
    by_annotation = made.ingress("b", class_name=None, annotations={"kubernetes.io/ingress.class": "sampan"})
    going = made.ingress("d")
    going["metadata"]["deletionTimestamp"] = "now"
    given = [
        made.ingress("c"),
        by_annotation,
        made.ingress("x", class_name="other"),
        made.ingress("y", class_name=None),
        going,
    ]
    first = made.ingress("z", made="2025-01-01T00:00:00Z")

    found = ours([*given, first], [made.sampan_class, other], controller="sampan.dev/ingress")

    assert [one["metadata"]["name"] for one in found] == ["z", "b", "c"]
    assert ours(given, [], controller="sampan.dev/ingress") == ()


def test_only_what_ingresses_name_is_of_interest(made):
    tls = [{"secretName": "s"}, {}]
    services, secrets = named_by([made.ingress("a", made.rule(), tls=tls, defaultBackend=made.backend("rest"))])

    assert {str(key) for key in services} == {"default/web", "default/rest"}
    assert "default/s" in {str(key) for key in secrets}
    assert str(service_of(made.slice("web"))) == "default/web"
    assert key_in("a/b") == Key("a", "b")
