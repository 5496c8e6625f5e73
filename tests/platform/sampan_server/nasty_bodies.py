"""Bodies and queries that cost a server as much as their size allows. Each is (method, path, content type, body)."""

from __future__ import annotations

import json
from collections.abc import Iterator

CMS = "/api/v1/namespaces/default/configmaps"
BIG = f"{CMS}/big"  # of nearly a megabyte, with many keys
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


def corpus() -> dict[str, Request]:
    found: dict[str, Request] = {}
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
