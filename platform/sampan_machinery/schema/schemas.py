"""Decoding by kind: JSON or dicts in, typed and pruned dicts out, and the shape of each kind for other code.

Knows the built-in kinds of the table only; a custom resource brings its own schema. Does not ask whether required
fields are there (validation does), nor fill in defaults.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import msgspec

from sampan.errors import BadRequest
from sampan_machinery.schema import strict, wording
from sampan_machinery.schema.depth import is_deep, may_be_deep
from sampan_machinery.schema.nodes import Nodes, TypeNode
from sampan_machinery.schema.structs import FloatQuantity, Structs, check
from sampan_machinery.schema.table import Table, shipped
from sampan_machinery.schema.zeros import Fillers

Object = dict[str, Any]

_ZEROS: dict[str, Any] = {
    "string": "", "boolean": False, "integer": 0, "int32": 0, "number": 0.0, "bytes": "", "quantity": "0",
    "int-or-string": 0,
}  # fmt: skip
_free_decoder = msgspec.json.Decoder(dict[str, Any])
_encode = msgspec.json.Encoder().encode


class Schemas:
    """All kinds of one table. Thread-safe; a kind's structs are built when the kind is first used."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._structs = Structs(table)
        self._strict_structs = Structs(table, strict=True)
        self._nodes = Nodes(table)
        self._fillers = Fillers(table)

    def has(self, group: str, version: str, kind: str) -> bool:
        return self.table.type_name(group, version, kind) is not None

    def node(self, group: str, version: str, kind: str) -> TypeNode:
        """The shape of a kind. Raises BadRequest for a kind that is not in the table."""
        return self._nodes.of_type(self._name(group, version, kind))

    def named(self, name: str) -> TypeNode:
        """The shape of a definition, such as io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta. Raises KeyError."""
        return self._nodes.of_type(name)

    def decode(self, group: str, version: str, kind: str, body: bytes) -> Object:
        """The object in a JSON body: types checked, unknown fields and nulls gone, odd forms made canonical.

        Raises BadRequest, and nothing else, for whatever is wrong with the body.
        """
        name = self._name(group, version, kind)
        try:
            found, _ = _decoded(self._structs, name, body)
        except msgspec.ValidationError as error:
            text = str(error)
            if "got `null`" in text:
                return self._prune(name, version, kind, decode_free(body, kind), body)
            raise wording.wrong_type(kind, version, body, self._nodes.of_type(name), text) from None
        except (msgspec.DecodeError, UnicodeError) as error:
            raise wording.syntax(kind, body, str(error)) from None
        except RecursionError:
            raise wording.unrecognized(kind, body, "exceeded max depth") from None
        if may_be_deep(body) and is_deep(found):
            raise wording.unrecognized(kind, body, "exceeded max depth")
        return found

    def decode_checked(self, group: str, version: str, kind: str, body: bytes) -> tuple[Object, list[str]]:
        """What ``decode`` and ``strict_problems`` give, at half the price where nothing is wrong. Raises BadRequest."""
        found = self._faultless(self._name(group, version, kind), body)
        if found is not None:
            return found, []
        return self.decode(group, version, kind, body), self.strict_problems(group, version, kind, body)

    def _faultless(self, name: str, body: bytes) -> Object | None:
        """The object if a fast check shows that all its fields are known and none is repeated; else None.

        A key that is given twice is decoded once, so what is encoded again has fewer colons behind keys. The struct
        leaves zero values out; only a body that has some is parsed a second time.
        """
        try:
            found, typed = _decoded(self._strict_structs, name, body)
            colons = body.count(b'":')
            if colons != _encode(typed).count(b'":') and colons != _encode(msgspec.json.decode(body)).count(b'":'):
                return None
            if may_be_deep(body) and is_deep(found):
                return None
        except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
            return None
        return found

    def prune(self, group: str, version: str, kind: str, obj: Object) -> Object:
        """The same for an object that is decoded already (YAML, protobuf, a patch's result). ``obj`` stays as it is."""
        return self._prune(self._name(group, version, kind), version, kind, obj, b"")

    def prune_checked(self, group: str, version: str, kind: str, obj: Object) -> tuple[Object, list[str]]:
        """What ``prune`` and ``unknown_fields`` give, at half the price where nothing is wrong. Raises BadRequest."""
        name = self._name(group, version, kind)
        self._strict_structs.decoder(name)
        if not is_deep(obj):
            try:
                return _as_object(msgspec.convert(obj, self._strict_structs.cls(name), dec_hook=check)), []
            except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
                pass
        return self._prune(name, version, kind, obj, b""), self.unknown_fields(group, version, kind, obj)

    def complete(self, group: str, version: str, kind: str, obj: Object, old: Object | None = None) -> None:
        """Add the fields that Kubernetes always includes in answers, in place."""
        self._fillers.of_type(self._name(group, version, kind)).fill(obj, old or {})

    def zero(self, group: str, version: str, kind: str) -> Object:
        """The result of ``complete`` for an empty object. Shared: do not change it."""
        return self._fillers.of_type(self._name(group, version, kind)).zero

    def strict_problems(self, group: str, version: str, kind: str, body: bytes) -> list[str]:
        """The problems that strict field validation finds in a JSON body, in document order.

        Raises BadRequest when the body is no JSON at all.
        """
        node = self.node(group, version, kind)
        try:
            return strict.problems(strict.read_pairs(body), node)
        except RecursionError:
            raise wording.unrecognized(kind, body, "exceeded max depth") from None
        except ValueError as error:
            raise wording.syntax(kind, body, str(error)) from None

    def unknown_fields(self, group: str, version: str, kind: str, obj: Object) -> list[str]:
        """The same for a dict, in which nothing can be given twice."""
        try:
            return strict.problems(obj, self.node(group, version, kind))
        except RecursionError:
            raise wording.cannot_handle(kind, version, "exceeded max depth") from None

    def _name(self, group: str, version: str, kind: str) -> str:
        name = self.table.type_name(group, version, kind)
        if name is None:
            full = f"{group}/{version}" if group else version
            raise BadRequest(f'no kind "{kind}" is registered for version "{full}"')
        return name

    def _prune(self, name: str, version: str, kind: str, obj: Any, body: bytes) -> Object:
        """msgspec's own conversion; only where a null stands where Go reads a zero value, that is put in first."""
        self._structs.decoder(name)
        node = self._nodes.of_type(name)
        if is_deep(obj):
            raise wording.cannot_handle(kind, version, "exceeded max depth")
        try:
            return self._convert(name, node, obj)
        except msgspec.ValidationError as error:
            raise wording.wrong_type(kind, version, body, node, str(error)) from None
        except (UnicodeError, OverflowError) as error:
            raise wording.cannot_handle(kind, version, str(error)) from None
        except RecursionError:
            raise wording.cannot_handle(kind, version, "exceeded max depth") from None

    def _convert(self, name: str, node: TypeNode, obj: Any) -> Object:
        try:
            return _as_object(msgspec.convert(obj, self._structs.cls(name), dec_hook=check))
        except msgspec.ValidationError as error:
            if "got `null`" not in str(error):
                raise
            return _as_object(msgspec.convert(_without_nulls(obj, node), self._structs.cls(name), dec_hook=check))


_QUOTABLE = re.compile(rb'"(?:[^"\\]|\\.)*"|(-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)', re.DOTALL)


def _decoded(structs: Structs, name: str, body: bytes) -> tuple[Object, Any]:
    """The object, and the struct that it was made from."""
    decoder = structs.decoder(name)
    try:
        typed = decoder.decode(body)
    except FloatQuantity:
        typed = decoder.decode(_QUOTABLE.sub(_quoted, body))
    return _as_object(typed), typed


def _quoted(token: re.Match[bytes]) -> bytes:
    """A number with a fraction or an exponent as a string, which no kind with quantities minds."""
    number = token.group(1)
    return token.group() if number is None or number.lstrip(b"-").isdigit() else b'"%b"' % number


def decode_free(body: bytes, kind: str) -> Object:
    """A JSON object without a schema here (custom resources): bounded in depth, else as it is. Raises BadRequest."""
    try:
        found: Object = _free_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise wording.syntax(kind, body, str(error)) from None
    except RecursionError:
        raise wording.unrecognized(kind, body, "exceeded max depth") from None
    if may_be_deep(body) and is_deep(found):
        raise wording.unrecognized(kind, body, "exceeded max depth")
    return found


def _as_object(value: Any) -> Object:
    return msgspec.to_builtins(value)  # type: ignore[no-any-return]  # a struct becomes a dict


def _without_nulls(value: Any, node: TypeNode) -> Any:
    """A copy in which a null element of a list or map is the zero value of its type, as Go reads it."""
    if isinstance(value, dict) and node.shape == "struct":
        known = ((name, node.field(name), child) for name, child in value.items() if child is not None)
        return {name: _without_nulls(child, type_) for name, type_, child in known if type_ is not None}
    if isinstance(value, dict) and node.shape == "map":
        return {name: _zero_or(child, node.item()) for name, child in value.items()}
    if isinstance(value, list) and node.shape == "list":
        return [_zero_or(child, node.item()) for child in value]
    return value


def _zero_or(value: Any, node: TypeNode) -> Any:
    if value is not None:
        return _without_nulls(value, node)
    return {"struct": {}, "map": {}, "list": []}.get(node.shape, _ZEROS.get(node.scalar))


@functools.cache
def load() -> Schemas:
    """The schemas of the shipped table: one and the same in a process, as they are facts."""
    return Schemas(shipped())
