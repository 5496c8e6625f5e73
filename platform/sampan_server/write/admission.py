"""Which admitters have a say: looked up by kind and operation, so that one costs nothing where it has none."""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind


class Admitters:
    """Admitters in their order. What each declares is read once for each kind and operation."""

    def __init__(self, admitters: Sequence[Admitter] = ()) -> None:
        self._all = tuple(admitters)
        self._known: dict[tuple[str, str, str], tuple[Admitter, ...]] = {}

    def of(self, kind: Kind, operation: str) -> tuple[Admitter, ...]:
        """Those that are asked about an operation on a kind."""
        address = (kind.group, kind.plural, operation)
        found = self._known.get(address)
        if found is None:
            name = kind.resource.group_resource
            found = tuple(each for each in self._all if operation in each.operations and _is_asked(each, name))
            self._known[address] = found
        return found


def _is_asked(admitter: Admitter, group_resource: str) -> bool:
    resources = getattr(admitter, "resources", None)
    return resources is None or group_resource in resources
