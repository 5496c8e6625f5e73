from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from sampan.errors import Forbidden, InternalError, NotFound
from sampan_dashboard import schemas
from sampan_dashboard.schemas import Definitions, of_kind
from sampan_machinery.resources import CONFIG_MAPS, DEPLOYMENTS


def definitions(**found):
    return Definitions({name: msgspec.Raw(msgspec.json.encode(value)) for name, value in found.items()})


def test_the_schema_of_a_kind_is_what_the_server_publishes(cluster):
    found, schema = of_kind(cluster.client, DEPLOYMENTS)

    spec = found.of(schema["properties"]["spec"])
    template = found.of(found.of(spec["properties"]["template"])["properties"]["spec"])
    assert found.of(spec["properties"]["replicas"])["type"] == "integer"
    assert "containers" in template["required"]
    assert found.of(found.of(template["properties"]["containers"])["items"])["required"] == ["name"]
    assert len(found._decoded) < 10 < len(found._raw), "only what was asked for is decoded"
    assert "data" in of_kind(cluster.client, CONFIG_MAPS)[1]["properties"]


def test_what_stands_beside_a_reference_counts():
    found = definitions(A={"type": "object", "description": "a"}, B={"allOf": [{"$ref": schemas.PREFIX + "A"}]})

    assert found.of({"$ref": schemas.PREFIX + "A"}) == {"type": "object", "description": "a"}
    assert found.of({"allOf": [{"$ref": schemas.PREFIX + "A"}], "default": {}})["default"] == {}
    assert found.of({"$ref": schemas.PREFIX + "B"})["type"] == "object"
    assert found.of({"allOf": [{}, {}]}) == {"allOf": [{}, {}]}


def test_references_in_a_circle_and_to_nothing_end():
    found = definitions(A={"$ref": schemas.PREFIX + "B"}, B={"$ref": schemas.PREFIX + "A"}, C=[1])

    assert [found.of({"$ref": schemas.PREFIX + name}) for name in ("A", "none", "C")] == [{}, {}, {}]


@pytest.mark.parametrize(
    "answer", [NotFound("no"), Forbidden("no"), b"<html>", b"[]", b'{"components": {"schemas": []}}', b"{}"]
)
def test_a_server_without_schemas_gives_none(answer):
    found, schema = of_kind(client(answer), DEPLOYMENTS)

    assert (schema, found.of({"$ref": schemas.PREFIX + "A"})) == ({}, {})


def test_a_failing_server_is_told():
    with pytest.raises(InternalError):
        of_kind(client(InternalError("broken")), DEPLOYMENTS)


def client(answer):
    def request(method, path, headers):
        assert (method, path) == ("GET", "/openapi/v3/apis/apps/v1")
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(body=answer)

    return SimpleNamespace(request=request)
