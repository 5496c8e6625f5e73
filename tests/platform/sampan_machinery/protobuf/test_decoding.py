import contextlib
import json
import struct
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampan.errors import BadRequest
from sampan_machinery.protobuf import decoding as protobuf
from sampan_machinery.schema import load

#: Bodies that kubectl 1.37 and helm 4.3 sent, and the same objects as kubectl prints them (--dry-run=client -o json).
CAPTURED = json.loads((Path(__file__).parent / "protobuf_bodies.json").read_text())


def number(value):
    value &= 2**64 - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def varint(field, value):
    return number(field << 3) + number(value)


def block(field, value):
    data = value.encode() if isinstance(value, str) else value
    return number(field << 3 | 2) + number(len(data)) + data


def body(api_version, kind, raw=b""):
    return protobuf.MAGIC + block(1, block(1, api_version) + block(2, kind)) + block(2, raw)


def without_nulls(value):
    if isinstance(value, dict):
        return {name: without_nulls(child) for name, child in value.items() if child is not None}
    return [without_nulls(child) for child in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", sorted(CAPTURED))
def test_bodies_of_real_clients_are_read(name):
    assert protobuf.decode(bytes.fromhex(CAPTURED[name]["hex"])) == without_nulls(CAPTURED[name]["object"])


@pytest.mark.parametrize("name", sorted(CAPTURED))
def test_bodies_of_real_clients_fit_their_kinds(name):
    found = protobuf.decode(bytes.fromhex(CAPTURED[name]["hex"]))
    group, _, version = found["apiVersion"].rpartition("/")

    assert load().prune(group, version, found["kind"], found) == found


@pytest.mark.parametrize("name", sorted(CAPTURED))
def test_a_body_that_is_cut_off_is_refused_or_has_less_in_it(name):
    data = bytes.fromhex(CAPTURED[name]["hex"])
    whole = protobuf.decode(data)
    for end in range(len(data)):
        with contextlib.suppress(BadRequest):
            assert protobuf.decode(data[:end]).items() <= whole.items()


def test_delete_options_belong_to_every_group():
    raw = varint(1, 0) + block(2, block(1, "u")) + block(4, "Background") + block(5, "All")

    assert protobuf.decode(body("apps/v1", "DeleteOptions", raw)) == {
        "apiVersion": "apps/v1",
        "kind": "DeleteOptions",
        "gracePeriodSeconds": 0,
        "preconditions": {"uid": "u"},
        "propagationPolicy": "Background",
        "dryRun": ["All"],
    }


def test_the_special_types_become_what_json_has():
    metadata = block(8, varint(1, 1_700_000_000)) + varint(7, -1)
    quantity = block(1, "cpu") + block(2, block(1, "100m"))
    resources = block(1, quantity)
    probe = block(1, block(2, block(1, "/ok") + block(2, varint(1, 1) + block(3, "http"))))
    container = block(1, "c") + block(8, resources) + block(10, probe)
    raw = block(1, metadata) + block(2, block(2, container))

    found = protobuf.decode(body("v1", "Pod", raw))

    assert found["metadata"] == {"creationTimestamp": "2023-11-14T22:13:20Z", "generation": -1}
    assert found["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "100m"}}
    assert found["spec"]["containers"][0]["livenessProbe"]["httpGet"] == {"path": "/ok", "port": "http"}


def test_numbers_may_be_packed_and_lists_wrapped():
    extra = block(1, "scopes") + block(2, block(1, "a") + block(1, "b"))
    user = block(1, "jane") + block(4, extra)
    review = protobuf.decode(body("authentication.k8s.io/v1", "TokenReview", block(3, varint(1, 1) + block(2, user))))

    assert review["status"]["user"]["extra"] == {"scopes": ["a", "b"]}
    context = block(4, number(5) + number(6))
    pod = protobuf.decode(body("v1", "Pod", block(2, block(14, context))))
    assert pod["spec"]["securityContext"] == {"supplementalGroups": [5, 6]}


def test_embedded_json_is_read():
    fields = block(7, block(1, '{"f:a":{}}'))
    found = protobuf.decode(body("v1", "Pod", block(1, block(17, fields))))

    assert found["metadata"]["managedFields"][0]["fieldsV1"] == {"f:a": {}}


def test_schemas_of_custom_resources_are_read():
    extra = block(30, varint(1, 0))
    items = block(24, block(1, block(5, "string")))
    schema = block(5, "object") + extra + items
    version = block(1, "v1") + block(4, block(1, schema))
    raw = block(2, block(7, version))

    found = protobuf.decode(body("apiextensions.k8s.io/v1", "CustomResourceDefinition", raw))

    inner = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert (inner["type"], inner["additionalProperties"], inner["items"]) == ("object", False, {"type": "string"})


def test_api_services_are_read():
    service = block(1, block(1, "ns") + block(2, "name") + varint(3, 443))
    raw = block(1, block(1, "v1.x")) + block(2, service + block(2, "x") + varint(7, 100) + block(5, b"\x00\x01"))

    found = protobuf.decode(body("apiregistration.k8s.io/v1", "APIService", raw))

    assert found["spec"] == {
        "service": {"namespace": "ns", "name": "name", "port": 443},
        "group": "x",
        "groupPriorityMinimum": 100,
        "caBundle": "AAE=",
    }


HOSTILE = {
    "nothing": b"",
    "no magic": b"{}",
    "only magic": protobuf.MAGIC,
    "no kind": protobuf.MAGIC + block(2, b""),
    "unknown kind": body("v1", "Nothing"),
    "encoded": body("v1", "Pod") + block(3, "gzip"),
    "huge length": body("v1", "Pod", number(1 << 3 | 2) + number(2**62)),
    "endless number": body("v1", "Pod", b"\x80" * 100),
    "group wire type": body("v1", "Pod", number(1 << 3 | 3)),
    "field zero": body("v1", "Pod", b"\x00\x00"),
    "number for a message": body("v1", "Pod", varint(1, 5)),
    "message for a number": body("v1", "DeleteOptions", block(1, "x")),
    "not utf-8": body("v1", "Pod", block(1, block(1, b"\xff"))),
    "embedded no json": body("v1", "Pod", block(1, block(17, block(7, block(1, b"{"))))),
    "time out of range": body("v1", "Pod", block(1, block(8, varint(1, 2**62)))),
    "not finite": body(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        block(2, block(7, block(4, block(1, number(9 << 3 | 1) + struct.pack("<d", float("nan")))))),
    ),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_bodies_are_bad_requests(name):
    with pytest.raises(BadRequest):
        protobuf.decode(HOSTILE[name])


def test_a_nesting_bomb_is_a_bad_request():
    schema = b""
    for _ in range(3000):
        schema = block(28, schema)  # not
    raw = block(2, block(7, block(4, block(1, schema))))

    with pytest.raises(BadRequest, match="depth"):
        protobuf.decode(body("apiextensions.k8s.io/v1", "CustomResourceDefinition", raw))


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(CAPTURED)),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_no_damage_makes_anything_but_a_bad_request(name, damage):
    data = bytearray.fromhex(CAPTURED[name]["hex"])
    for position, byte in damage:
        data[position % len(data)] = byte
    try:
        found = protobuf.decode(bytes(data))
        group, _, version = found["apiVersion"].rpartition("/")
        msgspec.json.encode(load().prune(group, version, found["kind"], found))
    except BadRequest:
        pass
