from __future__ import annotations

import pytest

from sampan_networking.validation import validate_class, validate_ingress

BACKEND = {"service": {"name": "web", "port": {"number": 80}}}


def told(problems):
    return [f"{problem.path}: {problem.message}" for problem in problems]


def ingress(spec=None, *, annotations=None, status=None):
    return {"metadata": {"name": "web", "annotations": annotations or {}}, "spec": spec or {}, "status": status or {}}


def ruled(host="", path="/", kind="Prefix", backend=BACKEND):
    entry = {"path": path, "pathType": kind, "backend": backend}
    return ingress({"rules": [{"host": host, "http": {"paths": [entry]}}]})


def backed(**backend):
    return ingress({"defaultBackend": backend})


P = "spec.rules[0].http.paths[0]"
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


@pytest.mark.parametrize(
    "obj",
    [
        ruled(), ruled("web.example.com", "/a/b/"), ruled("*.example.com", "/", "Exact"),
        ruled(path="", kind="ImplementationSpecific"), ruled(path="/a[0-9]+", kind="ImplementationSpecific"),
        backed(**BACKEND), backed(service={"name": "web", "port": {"name": "http"}}),
        backed(resource={"apiGroup": "example.com", "kind": "Bucket", "name": "b"}),
        ingress({"rules": [{"host": "a.example.com"}]}),
        ingress({"defaultBackend": BACKEND, "tls": [{"hosts": ["*.a.org", "b.org"], "secretName": "s"}, {}]}),
    ],
)  # fmt: skip
def test_it_is_fine(obj):
    assert told(validate_ingress(obj, None)) == []


@pytest.mark.parametrize(
    ("obj", "problem"),
    [
        (ingress(), "spec: Invalid value: {}: either `defaultBackend` or `rules` must be specified"),
        (ruled("10.0.0.1"),
         'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address'),
        (ruled("Web.example.com"), f'spec.rules[0].host: Invalid value: "Web.example.com": {SUBDOMAIN}'),
        (ingress({"rules": [{"http": {}}]}), "spec.rules[0].http.paths: Required value"),
        (ruled(kind=None), f"{P}.pathType: Required value: pathType must be specified"),
        (ruled(kind="Regex"), f'{P}.pathType: Unsupported value: "Regex": supported values: "Exact", '
                              '"ImplementationSpecific", "Prefix"'),
        (ruled(path="a"), f'{P}.path: Invalid value: "a": must be an absolute path'),
        (ruled(path=""), f'{P}.path: Invalid value: "": must be an absolute path'),
        (ruled(path="/a//b"), f"{P}.path: Invalid value: \"/a//b\": must not contain '//'"),
        (ruled(path="/a%2Fb"), f"{P}.path: Invalid value: \"/a%2Fb\": must not contain '%2F'"),
        (ruled(path="/a/.."), f"{P}.path: Invalid value: \"/a/..\": cannot end with '/..'"),
        (ruled(backend={}), f'{P}.backend: Invalid value: "": resource or service backend is required'),
        (ruled(backend={**BACKEND, "resource": {}}),
         f'{P}.backend: Invalid value: "": cannot set both resource and service backends'),
        (backed(service={"name": "web"}), "spec.defaultBackend: Required value: port name or number is required"),
        (backed(service={"port": {"number": 1}}), "spec.defaultBackend.service.name: Required value"),
        (backed(service={"name": "web", "port": {"number": 1, "name": "a"}}),
         'spec.defaultBackend: Invalid value: "": cannot set both port name & port number'),
        (backed(service={"name": "web", "port": {"number": 70000}}),
         "spec.defaultBackend.service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive"),
        (backed(resource={"name": "b"}), "spec.defaultBackend.resource.kind: Required value"),
        (backed(resource={"kind": "a/b", "name": "b"}),
         "spec.defaultBackend.resource.kind: Invalid value: \"a/b\": may not contain '/'"),
        (ingress({"defaultBackend": BACKEND, "tls": [{"secretName": "A"}]}),
         f'spec.tls[0].secretName: Invalid value: "A": {SUBDOMAIN}'),
        (ingress({"defaultBackend": BACKEND, "ingressClassName": "A"}),
         f'spec.ingressClassName: Invalid value: "A": {SUBDOMAIN}'),
        (ingress({"defaultBackend": BACKEND, "ingressClassName": "a"},
                 annotations={"kubernetes.io/ingress.class": "b"}),
         'annotations.kubernetes.io/ingress.class: Invalid value: "b": '
         "must match `ingressClassName` when both are specified"),
        (ingress({"defaultBackend": BACKEND}, status={"loadBalancer": {"ingress": [{"ip": "x"}]}}),
         'status.loadBalancer.ingress[0].ip: Invalid value: "x": '
         "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
        (ingress({"defaultBackend": BACKEND}, status={"loadBalancer": {"ingress": [{"hostname": "1.2.3.4"}]}}),
         'status.loadBalancer.ingress[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(obj, problem):
    assert told(validate_ingress(obj, None)) == [problem]


def test_a_wildcard_stands_for_the_first_label_only():
    for host in ("*", "a.*.example.com", "*.*.example.com"):
        (found,) = told(validate_ingress(ruled(host), None))
        assert "a wildcard DNS-1123 subdomain must start with '*.'" in found


def test_an_old_wrong_secret_name_may_stay():
    old = ingress({"defaultBackend": BACKEND, "tls": [{"secretName": "A"}]})

    assert told(validate_ingress(old, old)) == []


def test_the_class_annotation_is_looked_at_on_creation_only():
    obj = ingress(
        {"defaultBackend": BACKEND, "ingressClassName": "a"}, annotations={"kubernetes.io/ingress.class": "b"}
    )

    assert told(validate_ingress(obj, obj)) == []


def a_class(controller="example.com/controller", parameters=None):
    return {"metadata": {"name": "c"}, "spec": {"controller": controller, "parameters": parameters}}


WHERE = {"kind": "Settings", "name": "s"}


@pytest.mark.parametrize(
    ("obj", "problems"),
    [
        (a_class(), []),
        (a_class(parameters={**WHERE, "scope": "Cluster"}), []),
        (a_class(parameters={**WHERE, "scope": "Namespace", "namespace": "here"}), []),
        (a_class(""), ["spec.controller: Required value"]),
        (a_class("plain"), ['spec.controller: Invalid value: "plain": must be a domain-prefixed path '
                            '(such as "acme.io/foo")']),
        (a_class("A.com/x"), [f'spec.controller: Invalid value: "A.com": {SUBDOMAIN}']),
        (a_class("a.com/" + "x" * 245), ["spec.controller: Too long: may not be more than 250 bytes"]),
        (a_class(parameters={"name": "s", "scope": "Cluster"}), ["spec.parameters.kind: Required value"]),
        (a_class(parameters={**WHERE, "scope": ""}),
         ['spec.parameters.scope: Unsupported value: "": supported values: "Cluster", "Namespace"']),
        (a_class(parameters={**WHERE, "scope": "Galaxy"}),
         ['spec.parameters.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespace"']),
        (a_class(parameters={**WHERE, "scope": "Namespace"}),
         ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"]),
        (a_class(parameters={**WHERE, "scope": "Cluster", "namespace": "here"}),
         ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"]),
    ],
)  # fmt: skip
def test_a_class_is_checked(obj, problems):
    assert told(validate_class(obj, None)) == problems


def test_the_controller_of_a_class_never_changes():
    assert told(validate_class(a_class("a.com/b"), a_class())) == [
        'spec.controller: Invalid value: "a.com/b": field is immutable'
    ]
