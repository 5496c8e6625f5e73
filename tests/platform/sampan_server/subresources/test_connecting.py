"""The options of a connection as an object: of their types, and only those that say something."""

from __future__ import annotations

from sampan.contracts.serving import Subresource
from sampan_server.subresources.connecting import options

FIELDS = {"stdin": "boolean", "tty": "boolean", "container": "string", "command": "strings", "ports": "integers"}
SAIL = Subresource(name="sail", kind="SailOptions", serve=lambda call: None, connects=True, options=FIELDS)


def test_each_field_has_its_type() -> None:
    query = {
        "stdin": ["true"], "tty": ["0"], "container": ["main"], "command": ["ls", "-l"], "ports": ["80", "x"],
        "other": ["1"],
    }  # fmt: skip

    assert options(SAIL, query, "") == {
        "kind": "SailOptions", "apiVersion": "v1", "stdin": True, "container": "main", "command": ["ls", "-l"],
        "ports": [80],
    }  # fmt: skip
    assert options(SAIL, {}, "") == {"kind": "SailOptions", "apiVersion": "v1"}


def test_a_path_is_what_follows_the_subresource() -> None:
    proxy = Subresource(
        name="proxy", kind="ProxyOptions", group="sea", serve=lambda call: None, options={"path": "string"}
    )

    assert options(proxy, {"path": ["no"]}, "/a/b") == {"kind": "ProxyOptions", "apiVersion": "sea/v1", "path": "a/b"}
