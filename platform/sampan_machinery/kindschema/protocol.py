"""What code that reads, patches, checks and publishes objects asks of a kind's schema, wherever that comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sampan.contracts.kinds import Kind, Object, Problem
from sampan_machinery.types import Node

STRATEGIC = "application/strategic-merge-patch+json"
#: Media types of patches that every kind takes.
PATCH_TYPES = ("application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml")


class KindSchema(Protocol):
    """The schema of one kind. Immutable and thread-safe; what is costly is made when it is first asked for."""

    @property
    def checks_long(self) -> bool:
        """Whether to check even a short object may take long: it holds expressions, or rules of the schema go through
        what it holds again and again."""

    @property
    def patch_types(self) -> Sequence[str]:
        """Media types of patches, in the order in which refusals name them."""

    @property
    def items_say_kind(self) -> bool:
        """Whether each item of a list says its kind and apiVersion, as items of custom resources do."""

    @property
    def node(self) -> Node | None:
        """The type, for patches, apply and managed fields: list types, list keys, merge keys. None: nothing is known
        of the kind's fields."""

    @property
    def message(self) -> str:
        """The protobuf message of the kind, "" where there is none: its objects are shown in JSON only."""

    @property
    def published(self) -> Mapping[str, Any] | None:
        """The schema that OpenAPI documents show of the kind; None where they have the table's definitions."""

    def decode(self, data: bytes, media: str, strictness: str) -> tuple[Object, list[str]]:
        """A body as an object of the kind, pruned, and warnings.

        ``strictness`` (fieldValidation): Ignore, Warn or Strict. Raises BadRequest (what is wrong, or with Strict what
        is unknown) or UnsupportedMediaType.
        """

    def prune(self, obj: Object) -> Object:
        """A copy without unknown fields, its values canonical. Raises BadRequest for what does not fit."""

    def prune_checked(self, obj: Object) -> tuple[Object, list[str]]:
        """The same, and what strict field validation says of unknown fields."""

    def default(self, obj: Object, *, keep_nulls: bool = False) -> None:
        """Fill in the schema's defaults, then the kind's own. Changes ``obj``. ``keep_nulls``: those that a schema
        does not admit stay, for ``check`` to name them."""

    def complete(self, obj: Object, old: Object | None = None) -> None:
        """Put in the fields that objects of the kind always answer with. What is the very same in ``old`` has them
        already. Changes ``obj``."""

    def reset_status(self, obj: Object) -> None:
        """Make the status that of an object just created. Changes ``obj``."""

    @property
    def zero(self) -> Object:
        """An object of which nothing is set, as a new one is compared with. Shared, so never to be changed."""

    def check(self, obj: Object, old: Object | None, *, version: Kind | None = None) -> list[Problem]:
        """All that is wrong with an object: its metadata, its fields, and what ``Kind.validate`` finds; that of the
        request's ``version`` goes before the stored kind's."""
