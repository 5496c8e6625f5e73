"""A built-in kind that is data alone: an address, columns, defaults and declared rules; no function of validation."""

from __future__ import annotations

import json

import pytest

from sampan.contracts.kinds import Kind
from sampan.errors import Invalid
from sampan.hookspecs import hookimpl
from sampan_machinery.columns import AGE, NAME, field
from sampan_machinery.resources import STORAGE_CLASSES
from sampan_testing.cluster import start


def default(obj):
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")


STORAGE_CLASS = Kind(
    **STORAGE_CLASSES._asdict(),
    short_names=("sc",),
    columns=(NAME, field("Provisioner", "provisioner"), field("ReclaimPolicy", "reclaimPolicy"), AGE),
    default=default,
    rules={
        "required": ["provisioner"],
        "properties": {
            "provisioner": {"x-sampan-immutable": True},
            "parameters": {"x-sampan-immutable": True, "maxProperties": 512},
            "reclaimPolicy": {"enum": ["Delete", "Retain"], "x-sampan-immutable": True},
            "volumeBindingMode": {"enum": ["Immediate", "WaitForFirstConsumer"], "x-sampan-immutable": True},
        },
    },
)


class Storage:
    @hookimpl
    def contribute_kinds(self):
        return [STORAGE_CLASS]


@pytest.fixture(scope="module")
def client():
    with start({"storage": Storage()}, only=("namespaces",), control=False) as cluster:
        yield cluster.client


def a_class(name, **fields):
    return {"metadata": {"name": name}, "provisioner": "example.com/disk", **fields}


def test_it_is_served_with_its_defaults_and_columns(client):
    made = client.create(STORAGE_CLASSES, a_class("plain"))
    accept = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
    table = json.loads(client.request("GET", "/apis/storage.k8s.io/v1/storageclasses", headers=accept).body)

    assert (made["reclaimPolicy"], made["volumeBindingMode"]) == ("Delete", "Immediate")
    assert [each["name"] for each in table["columnDefinitions"]] == ["Name", "Provisioner", "ReclaimPolicy", "Age"]
    assert table["rows"][0]["cells"][:3] == ["plain", "example.com/disk", "Delete"]


def test_everything_wrong_is_said_at_once(client):
    with pytest.raises(Invalid) as error:
        client.create(STORAGE_CLASSES, {"metadata": {"name": "bad"}, "reclaimPolicy": "Burn"})

    assert [(cause.field, cause.reason, cause.message) for cause in error.value.causes] == [
        ("provisioner", "FieldValueRequired", "Required value"),
        (
            "reclaimPolicy", "FieldValueNotSupported",
            'Unsupported value: "Burn": supported values: "Delete", "Retain"',
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("change", [{"provisioner": "other"}, {"parameters": {"a": "b"}}, {"reclaimPolicy": "Retain"}])
def test_what_may_not_change_is_kept(client, change):
    name = f"kept-{next(iter(change)).lower()}"
    client.create(STORAGE_CLASSES, a_class(name))

    with pytest.raises(Invalid, match=r"field is immutable$"):
        client.patch(STORAGE_CLASSES, name, change)
    assert client.patch(STORAGE_CLASSES, name, {"metadata": {"labels": {"a": "b"}}})["metadata"]["labels"] == {"a": "b"}
