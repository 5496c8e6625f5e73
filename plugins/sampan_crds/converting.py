"""Objects of one definition in another of its versions, pruned to that version's schema.

An object is completed by the defaults of its own version first, as it may have been stored before they were there.
Source: apiextensions-apiserver, pkg/apiserver/conversion and the storage codec of customresource_handler.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sampan.contracts.kinds import Object
from sampan.errors import InternalError


class Form(Protocol):
    """The schema of a version, as far as conversion has use for it."""

    def prune(self, obj: Object) -> Object: ...

    def default(self, obj: Object) -> None: ...


#: Converts objects, all of other versions than the wanted one, to an apiVersion. Raises StatusError.
Strategy = Callable[[Sequence[Object], str], Sequence[Object]]


def rename(objects: Sequence[Object], api_version: str) -> Sequence[Object]:
    """The strategy None: only apiVersion changes."""
    return [{**obj, "apiVersion": api_version} for obj in objects]


class Converter:
    """Between the versions of one definition. ``forms`` makes the schema of a version when it is first needed."""

    def __init__(self, strategy: Strategy, forms: Mapping[str, Callable[[], Form]]) -> None:
        self._strategy, self._make = strategy, forms  # by apiVersion
        self._forms: dict[str, Form] = {}

    def to(self, api_version: str) -> Callable[[Object], Object]:
        """For ``Kind.from_stored`` and ``Kind.to_stored``."""
        return lambda obj: self.convert([obj], api_version)[0]

    def many_to(self, api_version: str) -> Callable[[Sequence[Object]], Sequence[Object]]:
        return lambda objects: self.convert(objects, api_version)

    def convert(self, objects: Sequence[Object], api_version: str) -> Sequence[Object]:
        """In their order. Raises StatusError."""
        others = [obj for obj in objects if obj.get("apiVersion") != api_version]
        for obj in others:
            self._form(obj.get("apiVersion"), "from").default(obj)
        wanted = self._form(api_version, "to")
        converted = iter(self._strategy(others, api_version) if others else ())
        return [
            obj if obj.get("apiVersion") == api_version else wanted.prune(next(converted)) for obj in objects
        ]  # fmt: skip

    def _form(self, api_version: Any, way: str) -> Form:
        found = self._forms.get(api_version)
        if found is None:
            make = self._make.get(api_version)
            if make is None:
                raise InternalError(f"request to convert CR {way} an invalid group/version: {api_version}")
            found = self._forms[api_version] = make()
        return found
