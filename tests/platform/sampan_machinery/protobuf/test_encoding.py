"""The bytes are those of upstream's generated Go code; filled_objects.py says where those come from."""

import hashlib
import json
from pathlib import Path

import filled_objects as filled
import pytest

from sampan.errors import InternalError
from sampan_machinery.protobuf import decoding, encoding, table

CAPTURED = json.loads((Path(__file__).parent / "protobuf_bodies.json").read_text())
KINDS = ["/".join(each) for each in filled.kinds()]


def digest(data):
    return hashlib.sha256(data).hexdigest()[:32]


def encoded(api_version, kind, **rest):
    """The message alone, without its envelope."""
    whole = encoding.encode({"apiVersion": api_version, "kind": kind, **rest})
    message = table.message_of(api_version, kind)
    assert encoding.envelope(api_version, kind, encoding.element(message, rest)) == whole
    return whole


@pytest.mark.parametrize("address", KINDS)
def test_a_filled_and_an_empty_object_are_encoded_as_in_go(address):
    whole = filled.filled(*address.rsplit("/", 2))
    empty = {name: whole[name] for name in ("apiVersion", "kind")}

    found = f"{digest(encoding.encode(whole))} {digest(encoding.encode(empty))}"

    assert found == filled.ANSWERS["kinds"][address]


@pytest.mark.parametrize("address", KINDS)
def test_what_is_encoded_is_read_again(address):
    whole = filled.filled(*address.rsplit("/", 2))

    found = decoding.decode(encoding.encode(whole))

    assert json.loads(json.dumps(found)) == whole


@pytest.mark.parametrize("name", sorted(CAPTURED))
def test_bodies_of_real_clients_come_out_as_they_went_in(name):
    body = bytes.fromhex(CAPTURED[name]["hex"])

    assert encoding.encode(decoding.decode(body)) == body


def test_every_value_that_is_no_pointer_is_written_though_empty():
    assert encoded("v1", "ConfigMap") == bytes.fromhex(
        "6b387300 0a0f 0a027631 1209 436f6e6669674d6170 1212 0a10 0a00 1200 1a00 2200 2a00 3200 3800 4200 1a00 2200"
    )


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"port": -1}, b"\x18" + b"\xff" * 9 + b"\x01"),
        ({"port": 300}, b"\x18\xac\x02"),
        ({"targetPort": 0}, b'"\x06\x08\x00\x10\x00\x1a\x00'),
        ({"targetPort": -1}, b'"\x0f\x08\x00\x10' + b"\xff" * 9 + b"\x01\x1a\x00"),
        ({"targetPort": "web"}, b'"\x09\x08\x01\x10\x00\x1a\x03web'),
        ({"appProtocol": ""}, b"2\x00"),
    ],
)
def test_numbers_and_what_is_a_number_or_a_string(spec, expected):
    assert expected in encoded("v1", "Service", spec={"ports": [spec]})


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2023-11-14T22:13:20Z", b"B\x08\x08\x80\xe2\xcf\xaa\x06\x10\x00"),
        ("2023-11-15T00:13:20.900+02:00", b"B\x08\x08\x80\xe2\xcf\xaa\x06\x10\x00"),
        ("1969-12-31T23:59:59Z", b"B\x0d\x08" + b"\xff" * 9 + b"\x01\x10\x00"),
        ("0001-01-01T00:00:00Z", b"B\x00"),
        (None, b"B\x00"),
    ],
)
def test_times_are_whole_seconds_and_the_zero_time_is_empty(time, expected):
    assert expected in encoded("v1", "Pod", metadata={"creationTimestamp": time})


def test_a_micro_time_before_1970_counts_its_fraction_forward():
    lease = encoded("coordination.k8s.io/v1", "Lease", spec={"renewTime": "1969-12-31T23:59:59.250000Z"})

    assert b'"\x10\x08' + b"\xff" * 9 + b"\x01\x10\x80\xe5\x9aw" in lease


def test_maps_are_in_the_order_of_their_bytes_and_empty_ones_are_left_out():
    labels = {"b": "2", "": "0", "\U0001f600": "4", "\uffee": "3", "a": ""}

    found = encoded("v1", "Pod", metadata={"labels": labels, "annotations": {}})

    entries = [b"\x0a" + bytes([len(k.encode())]) + k.encode() for k in ("", "a", "b", "\uffee", "\U0001f600")]
    places = [found.index(entry, found.index(b"Z")) for entry in entries]
    assert places == sorted(places) and b"b\x00" not in found


def test_nothing_in_a_map_of_bytes_has_no_value_and_in_one_of_times_an_empty_one():
    assert b"\x12\x03\x0a\x01a" in encoded("v1", "Secret", data={"a": None})
    assert b"\x12\x05\x0a\x01a\x12\x00" in encoded("v1", "Secret", data={"a": ""})
    assert b"\x12\x05\x0a\x01a\x12\x00" in encoded("policy/v1", "PodDisruptionBudget",
                                                   status={"disruptedPods": {"a": None}})  # fmt: skip


def test_embedded_json_keeps_the_order_of_its_keys():
    entry = {"manager": "m", "fieldsV1": {"f:b": {}, "f:a": {".": {}}}}

    assert b'{"f:b":{},"f:a":{".":{}}}' in encoded("v1", "Pod", metadata={"managedFields": [entry]})


def test_fields_that_the_message_lacks_are_left_out():
    assert encoded("v1", "Pod", spec={"nothing": 1}, other=[]) == encoded("v1", "Pod")


def test_a_list_is_its_head_and_the_elements_of_its_items():
    items = [{"metadata": {"name": name * 200}} for name in "ab"]
    elements = [encoding.element("k8s.io/api/core/v1.Secret", item) for item in items]
    meta = {"resourceVersion": "7", "continue": "x", "remainingItemCount": 3}

    head = encoding.list_head("v1", "SecretList", meta, sum(map(len, elements)))

    whole = encoding.encode({"apiVersion": "v1", "kind": "SecretList", "metadata": meta, "items": items})
    assert b"".join((head, *elements, encoding.LIST_TAIL)) == whole


def test_an_event_is_a_frame_with_its_length():
    whole = encoding.encode({"apiVersion": "v1", "kind": "Status", "metadata": {}, "code": 410})

    frame = encoding.event("ERROR", whole)

    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    assert frame[4:11] == b"\x0a\x05ERROR" and frame.endswith(whole)


def test_a_kind_without_a_message_has_no_encoding():
    assert encoding.encode({"apiVersion": "apps.example.com/v1", "kind": "Deployment"}) is None
    assert encoding.encode({"apiVersion": "meta.k8s.io/v1", "kind": "Table"}) is None


@pytest.mark.parametrize(
    "spec",
    [
        {"replicas": "x"},
        {"template": []},
        {"selector": 5},
        {"selector": {"matchLabels": {"a": 1}}},
        {"template": {"metadata": {"creationTimestamp": "yesterday"}}},
    ],
)
def test_what_does_not_fit_the_message_is_an_internal_error(spec):
    with pytest.raises(InternalError, match="a Deployment cannot be encoded as protobuf"):
        encoding.encode({"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec})
