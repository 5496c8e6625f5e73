import pytest


def ingress(make, name="web", host="a.example", service="web", port=80, served=True, cls="nginx", tls=(), rules=None):
    backend = {"service": {"name": service, "port": {"number": port}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    return make.obj(
        "Ingress", name, "networking.k8s.io/v1",
        spec={"ingressClassName": cls, "tls": list(tls),
              "rules": [{"host": host, "http": {"paths": paths}}] if rules is None else rules},
        status={"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]} if served else {}},
    )  # fmt: skip


@pytest.fixture
def well(make):
    """What an Ingress needs."""
    cls = make.obj("IngressClass", "nginx", "networking.k8s.io/v1", namespace="", spec={"controller": "k8s.io/nginx"})
    return [cls, make.service(), make.endpoints("web", True)]


def test_an_ingress_that_is_well(make, why, well):
    assert not why(ingress(make), *well).causes


def test_a_cluster_without_ingress_controller(make, why, reasons, well):
    assert reasons(why(ingress(make), *well[1:])) == ["NoIngressController"]


def test_a_class_that_does_not_exist_or_is_not_named(make, why, well):
    found = why(ingress(make, cls="ngnix"), *well)
    assert found.causes[0].text == "Its IngressClass ngnix does not exist: no controller serves it; did you mean nginx?"
    assert why(ingress(make, cls=None), *well).causes[0].reason == "NoClass"


def test_a_controller_that_does_not_run(make, why, reasons, well):
    assert reasons(why(ingress(make, served=False), *well)) == ["NotServed"]


def test_a_backend_that_does_not_exist(make, why, well):
    found = why(ingress(make, service="wep"), *well)

    assert found.causes[0].reason == "NoSuchService"
    assert "Requests for a.example/ are answered with an error" in found.causes[0].text


def test_a_port_that_the_backend_does_not_have(make, why, well):
    found = why(ingress(make, port=8080), *well)

    assert (found.causes[0].reason, found.causes[0].facts) == ("NoSuchServicePort", ("ports of service/web: -:80",))


def test_a_backend_without_endpoints_answers_502_and_says_why(make, why, reasons, well):
    pod = make.pod(ready=False, statuses=[make.waiting("ImagePullBackOff", "manifest unknown")])
    found = why(ingress(make), well[0], well[1], make.endpoints("web", False), pod, make.node())

    assert reasons(found) == ["NoEndpoints", "PodsNotReady", "ImageNoSuchImage"]
    assert [cause.about for cause in found.causes] == ["service/web", "service/web", "pod/web-1"]


def test_a_tls_secret_that_is_missing_or_unusable(make, why, reasons, well):
    tls = [{"secretName": "cert", "hosts": ["a.example"]}]
    assert reasons(why(ingress(make, tls=tls), *well)) == ["TLSSecretMissing"]
    secret = make.obj("Secret", "cert", data={"tls.crt": ""})
    assert reasons(why(ingress(make, tls=tls), *well, secret)) == ["TLSSecretUnusable"]


def test_a_tls_host_that_no_rule_has(make, why, well):
    tls = [{"hosts": ["b.example"]}]

    assert why(ingress(make, tls=tls), *well).causes[0].text == "Its TLS names hosts that no rule has: b.example."


def test_a_host_that_another_ingress_has_too(make, why, well):
    found = why(ingress(make), *well, ingress(make, "other"))

    assert (found.causes[0].reason, found.causes[0].about) == ("HostTaken", "ingress/other")


def test_an_ingress_without_rules(make, why, reasons, well):
    assert reasons(why(ingress(make, rules=[]), *well)) == ["NoRules"]
