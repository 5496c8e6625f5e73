"""Bodies and queries that cost a server as much as their size allows. Each is (method, path, content type, body)."""

from __future__ import annotations

import json
from collections.abc import Iterator

CMS = "/api/v1/namespaces/default/configmaps"
BIG = f"{CMS}/big"  # of nearly a megabyte, with many keys
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
NASTIES = "/apis/nasty.example/v1/namespaces/default/nasties"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
MB = 1 << 20
JSON, YAML = "application/json", "application/yaml"
JSON_PATCH, MERGE, STRATEGIC, APPLY = (
    f"application/{kind}" for kind in ("json-patch+json", "merge-patch+json", "strategic-merge-patch+json",
                                       "apply-patch+yaml")
)  # fmt: skip

Request = tuple[str, str, str, bytes]


def config_map(**more: object) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "nasty", **more}, "data": {}}


def repeated(unit: bytes, size: int, start: bytes = b'{"zz":[', end: bytes = b"]}") -> bytes:
    return start + (unit * (size // len(unit))).rstrip(b",") + end


def yaml_bodies() -> Iterator[tuple[str, bytes]]:
    yield "merge list", b"a: &a {k: 1}\nb:\n  <<: [" + b",".join(b"{x%d: 1}" % n for n in range(9_000)) + b"]\n"
    yield "merge list over the budget", b"<<: [" + b",".join(b"{x%d: 1}" % n for n in range(20_000)) + b"]\n"
    yield "merge chain", b"".join(b"a%d: &a%d {k%d: 1, <<: *a%d}\n" % (n, n, n, n - 1) for n in range(1, 3_000))
    yield (
        "alias bomb",
        b"a0: &a0 [x]\n" + b"".join(b"a%d: &a%d [*a%d,*a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 40)),
    )
    yield "48,000 keys", b"data:\n" + b"".join(b"  key-%06d: value\n" % n for n in range(48_000))
    yield "3 MB of it", b"data:\n" + b"".join(b"  key-%06d: value\n" % n for n in range(3 * MB // 21))
    yield "long scalar", b"data: {a: '" + b"x" * (2 * MB) + b"'}"
    yield "long plain scalar", b"data: {a: " + b"x" * (3 * MB - 100) + b"}"
    yield "long literal", b"a: |\n" + b"  xy\n" * (3 * MB // 5 - 10)
    yield "digits", b"a: " + b"1" * (3 * MB - 100)
    yield "digits in base 60", b"a: " + b"1:" * (MB - 100) + b"1"
    yield "underscores", b"a: 1" + b"_" * (3 * MB - 100)
    yield "comments", b"#x\n" * (MB - 100) + b"a: 1"
    yield "blank lines", b"a: 1\n" + b" \n" * (MB - 100)
    yield "4 KB of numbers", b"a: [" + b"1," * 2_000 + b"]"
    yield "deep", b"a: " + b"[" * 50_000
    yield "flow", b"a: [" + b"[]," * (MB // 3) + b"]"
    yield "numbers", b"a: [" + b"1e3," * (MB // 4) + b"]"


def json_bodies() -> Iterator[tuple[str, bytes]]:
    for name, unit in (
        ("lists", b"[],"), ("objects", b"{},"), ("small objects", b'{"a":1},'), ("texts", b'"",'), ("floats", b"1.5,"),
        ("long numbers", b"123456789012345678901234567890,"), ("escapes", b'"\\u0000\\"",'),
    ):  # fmt: skip
        yield f"3 MB of {name}", repeated(unit, 3 * MB - 100)
        yield f"15 KB of {name}", repeated(unit, 15_000)
    yield "deep", b'{"a":' * 500_000
    keys = {f"k{number}": "v" for number in range(29_000)}
    yield "many keys", json.dumps({**config_map(), "data": keys}).encode()
    yield "too many keys", repeated(b'"k":1,', MB, b'{"data":{', b"}}")
    yield "many keys in 16 KB", json.dumps({**config_map(), "data": dict(list(keys.items())[:1_000])}).encode()
    labels = {f"example.org/l{number}": "v" for number in range(20_000)}
    yield "many labels", json.dumps(config_map(labels=labels)).encode()
    yield "bad labels", json.dumps(config_map(labels={f"-{number}": "!" for number in range(600)})).encode()
    owners = [{"apiVersion": "v1", "kind": "Pod", "name": f"n{n}", "uid": f"u{n}"} for n in range(10_000)]
    yield "many owners", json.dumps(config_map(ownerReferences=owners)).encode()
    fields = {f"f:k{number}": {} for number in range(30_000)}
    entry = {"manager": "m", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1"}
    managed = [{**entry, "manager": f"m{n}", "fieldsV1": {"f:data": fields}} for n in range(3)]
    yield "many managed fields", json.dumps(config_map(managedFields=managed)).encode()


def patches() -> Iterator[tuple[str, str, bytes]]:
    add = [{"op": "add", "path": f"/data/k{n}", "value": "v"} for n in range(9_000)]
    yield "9,000 operations", JSON_PATCH, json.dumps(add).encode()
    test = [{"op": "test", "path": "/data", "value": {}}] * 9_000
    yield "9,000 tests", JSON_PATCH, json.dumps(test).encode()
    copies = [{"op": "copy", "from": "/data", "path": f"/data/c{n}"} for n in range(20)]
    yield "copies of copies", JSON_PATCH, json.dumps(copies).encode()
    moves = [{"op": "move", "from": f"/data/k{n}", "path": f"/data/k{n + 1}"} for n in range(100)]
    yield "a chain of moves", JSON_PATCH, json.dumps(moves).encode()
    yield "one key of a big object", MERGE, b'{"data":{"k1":"w"}}'
    yield "one key of it, strategic", STRATEGIC, b'{"data":{"k1":"x"}}'
    yield "many keys to remove", MERGE, json.dumps({"data": {f"k{n}": None for n in range(20_000)}}).encode()
    order = [{"$patch": "delete", "uid": f"u{n}"} for n in range(5_000)]
    names = [{"uid": f"u{n}"} for n in range(5_000)]
    ordered = {"metadata": {"ownerReferences": order, "$setElementOrder/ownerReferences": names}}
    yield "directives", STRATEGIC, json.dumps(ordered).encode()
    data = {f"k{n}": "v" for n in range(15_000)}
    yield "apply", APPLY, json.dumps({**config_map(name="big"), "data": data}).encode()
    yield (
        "apply in YAML",
        APPLY,
        b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big}\ndata:\n"
        + b"".join(b"  a%d: v\n" % n for n in range(15_000)),
    )


def containers(count: int) -> bytes:
    """A Deployment with many containers, each with variables."""
    made = [
        {"name": f"c{n}", "image": "i", "env": [{"name": f"E{m}", "value": "$(A)$(A)"} for m in range(10)]}
        for n in range(count)
    ]
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": made}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    return json.dumps({"metadata": {"name": f"d{count}"}, "spec": spec}).encode()


def deep_schema(depth: int, **leaf: object) -> dict[str, object]:
    found: dict[str, object] = {"type": "string", **leaf}
    for _ in range(depth):
        found = {"type": "object", "properties": {"a": found}}
    return found


def definition(schema: object, **version: object) -> bytes:
    """A CustomResourceDefinition with this schema."""
    made = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, **version}
    spec = {"group": "nasty.example", "scope": "Namespaced", "names": {"plural": "nasties", "kind": "Nasty"},
            "versions": [made]}  # fmt: skip
    return json.dumps({"metadata": {"name": "nasties.nasty.example"}, "spec": spec}).encode()


def definitions() -> Iterator[tuple[str, bytes]]:
    yield "deep", definition(deep_schema(60))
    yield "very deep", definition(deep_schema(250))
    wide = {f"p{n}": {"type": "integer", "minimum": 0, "default": n} for n in range(4_000)}
    yield "wide", definition({"type": "object", "properties": wide})
    nested: dict[str, object] = {"type": "string"}
    for _ in range(5):
        nested = {"type": "object", "properties": {f"p{n}": nested for n in range(6)}}
    yield "bushy", definition(nested)
    of = [{"required": [f"p{n}"]} for n in range(3_000)]
    yield "many alternatives", definition({"type": "object", "anyOf": of, "oneOf": of})
    yield "a pattern", definition({"type": "object", "properties": {"a": {"type": "string", "pattern": "(a*)*" * 500}}})
    yield "an enum", definition({"type": "object", "properties": {"a": {"type": "string", "enum": list("ab" * 9_000)}}})
    defaults = {"type": "object", "properties": {"a": {"type": "array", "default": [1] * 50_000,
                                                       "items": {"type": "integer"}}}}  # fmt: skip
    yield "a long default", definition(defaults)
    for name, rule in rules():
        ruled = {"type": "object", "properties": {"a": {"type": "string"}, "l": {"type": "array", "items": {
            "type": "string"}}}, "x-kubernetes-validations": [{"rule": rule}]}  # fmt: skip
        yield f"rule: {name}", definition(ruled)
    many = [{"rule": f"self.a.size() < {n}"} for n in range(1_000)]
    yield "many rules", definition({"type": "object", "properties": {"a": {"type": "string"}},
                                    "x-kubernetes-validations": many})  # fmt: skip
    columns = [{"name": f"c{n}", "type": "string", "jsonPath": ".spec" + "[*]" * 50} for n in range(1_000)]
    yield "many columns", definition({"type": "object"}, additionalPrinterColumns=columns)


def rules() -> Iterator[tuple[str, str]]:
    yield "long", " && ".join(["self.a == 'b'"] * 700)
    yield "nested", "(" * 200 + "true" + ")" * 200
    yield "negated", "!" * 5_000 + "true"
    yield "nested loops", "self.l.all(a, " * 12 + "true" + ")" * 12
    yield "a product", "[" + "1," * 900 + "1].all(a, [" + "1," * 900 + "1].all(b, a == b))"
    yield "a ladder", "true ? " * 200 + "true" + " : false" * 200
    yield "text", "'" + "a" * 9_000 + "'.matches('(a+)+$')"


def looping() -> tuple[bytes, bytes]:
    """A definition whose rule compares each element with each, and an object of it that is short."""
    of = {"type": "array", "maxItems": 1_000, "items": {"type": "string", "maxLength": 5}}
    rules = [{"rule": "self.l.all(a, self.l.all(b, a == b || true))"}]
    spec = {"type": "object", "properties": {"l": of}, "x-kubernetes-validations": rules}
    obj = {"apiVersion": "nasty.example/v1", "kind": "Nasty", "metadata": {"name": "nasty"},
           "spec": {"l": [f"{n:x}" for n in range(1_000)]}}  # fmt: skip
    return definition({"type": "object", "properties": {"spec": spec}}), json.dumps(obj).encode()


def policies() -> Iterator[tuple[str, bytes]]:
    for name, rule in rules():
        spec = {"matchConstraints": {"resourceRules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"],
                                                        "resources": ["*"]}]},
                "validations": [{"expression": rule.replace("self.a", "object.metadata.name").replace(
                    "self.l", "object.metadata.finalizers")}]}  # fmt: skip
        yield name, json.dumps({"metadata": {"name": "nasty"}, "spec": spec}).encode()
    variables = [{"name": "v0", "expression": "[1, 2]"}]
    variables += [{"name": f"v{n}", "expression": f"variables.v{n - 1} + variables.v{n - 1}"} for n in range(1, 60)]
    spec = {"matchConstraints": {"resourceRules": []}, "variables": variables,
            "validations": [{"expression": "variables.v59.size() > 0"}]}  # fmt: skip
    yield "variables that double", json.dumps({"metadata": {"name": "nasty"}, "spec": spec}).encode()


def selectors() -> Iterator[tuple[str, str, bytes]]:
    values = [f"v{n}" for n in range(5_000)]
    terms = [{"key": f"k{n}", "operator": "In", "values": values[:100]} for n in range(300)]
    selector = {"matchExpressions": terms}
    deployment = json.loads(containers(1))
    deployment["spec"]["selector"] = selector
    yield "of a Deployment", DEPLOYMENTS, json.dumps(deployment).encode()
    peers = [{"podSelector": selector, "namespaceSelector": selector}] * 8
    spec = {"podSelector": {}, "ingress": [{"from": peers}] * 4}
    path = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
    yield "of a NetworkPolicy", path, json.dumps({"metadata": {"name": "nasty"}, "spec": spec}).encode()
    ports = [{"port": n, "endPort": n + 1} for n in range(1, 9_000)]
    spec = {"podSelector": {}, "ingress": [{"ports": ports}]}
    yield "many ports", path, json.dumps({"metadata": {"name": "nasty"}, "spec": spec}).encode()
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": terms}] * 10}}}  # fmt: skip
    pod = {"metadata": {"name": "nasty"}, "spec": {"containers": [{"name": "a", "image": "i"}], "affinity": affinity}}
    yield "of nodes", "/api/v1/namespaces/default/pods", json.dumps(pod).encode()
    words = [[f"{letter}{n}" for n in range(90)] for letter in "vgr"]
    rule = dict(zip(("verbs", "apiGroups", "resources"), words, strict=True))
    roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles"
    yield "a role's products", roles, json.dumps({"metadata": {"name": "nasty"}, "rules": [rule] * 40}).encode()
    metrics = [{"type": "Pods", "pods": {"metric": {"name": f"m{n}", "selector": selector}, "target": {
        "type": "AverageValue", "averageValue": "1"}}} for n in range(9)]  # fmt: skip
    spec = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}, "maxReplicas": 3,
            "metrics": metrics}  # fmt: skip
    scalers = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
    yield "metrics", scalers, json.dumps({"metadata": {"name": "nasty"}, "spec": spec}).encode()
    subsets = [{"addresses": [{"ip": f"10.{n // 250 % 250}.{n % 250}.1"} for n in range(9_000)],
                "ports": [{"name": f"p{n}", "port": n + 1} for n in range(300)]}]  # fmt: skip
    endpoints = "/api/v1/namespaces/default/endpoints"
    yield "endpoints", endpoints, json.dumps({"metadata": {"name": "nasty"}, "subsets": subsets}).encode()


def corpus() -> dict[str, Request]:
    found: dict[str, Request] = {}
    admission = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
    for name, body in definitions():
        found[f"a definition: {name}"] = ("POST", CRDS, JSON, body)
    for name, body in policies():
        found[f"a policy: {name}"] = ("POST", admission, JSON, body)
    for name, path, body in selectors():
        found[f"selectors: {name}"] = ("POST", path, JSON, body)
    for count in (20, 1_000):
        path = f"{DEPLOYMENTS}/applied-{count}?fieldManager=x&force=true"
        typed = {"apiVersion": "apps/v1", "kind": "Deployment", **json.loads(containers(count))}
        typed["metadata"]["name"] = f"applied-{count}"
        found[f"apply of {count} containers"] = ("PATCH", path, APPLY, json.dumps(typed).encode())
    for name, body in yaml_bodies():
        found[f"yaml: {name}"] = ("POST", CMS, YAML, body)
    for name, body in json_bodies():
        found[f"json: {name}"] = ("POST", f"{CMS}?fieldValidation=Strict", JSON, body)
        found[f"json, ignored: {name}"] = ("POST", f"{CMS}?fieldValidation=Ignore", JSON, body)
    for name, kind, body in patches():
        query = "?fieldManager=x&force=true" if kind == APPLY else ""
        found[f"patch: {name}"] = ("PATCH", BIG + query, kind, body)
    for count in (20, 1_000):
        found[f"{count} containers"] = ("POST", DEPLOYMENTS, JSON, containers(count))
    terms = ",".join(f"k{number}!=v" for number in range(90))
    found["a long selector"] = ("GET", f"{CMS}?labelSelector={terms}", "", b"")
    found["too long a selector"] = ("GET", f"{CMS}?labelSelector={','.join(['!k'] * 5_000)}", "", b"")
    found["a table"] = ("GET", f"{CMS}?as=Table", "", b"")
    found["many parameters"] = ("GET", f"{CMS}?{'&'.join(f'p{n}=1' for n in range(199))}", "", b"")
    return found
