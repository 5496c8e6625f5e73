"""The cluster as NumPy arrays, one row a node, for third-party plugins that answer for all nodes at once.

Made when first asked for and then kept up to date from the log of changed rows. Our own rules do not use them
(DESIGN.md says why), so a cluster without such plugins never imports NumPy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import Any, Protocol


class Row(Protocol):
    """What a column is made from: ``nodes.NodeInfo``."""

    @property
    def allocatable(self) -> Mapping[str, int]: ...

    @property
    def used(self) -> Mapping[str, int]: ...

    @property
    def members(self) -> Sized:
        """The pods on the node."""


class Columns:
    """cpu, used_cpu in millicores; memory, used_memory in bytes; pods, used_pods in pods."""

    def __init__(self) -> None:
        try:
            import numpy  # 15 MB and 0.2 s that a cluster without such plugins does not pay
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                "the columns of all nodes are NumPy arrays: a plugin that reads them has numpy in its install_requires",
                name="numpy",
            ) from error

        self._numpy = numpy
        self._next = -1
        self._arrays: dict[str, Any] = {}

    def of(self, rows: Sequence[Row], changes: Sequence[int], forgotten: int) -> dict[str, Any]:
        """The arrays for these rows; ``changes`` is the log, whose first ``forgotten`` entries are gone."""
        end = forgotten + len(changes)
        size = len(rows)
        if self._next < forgotten or len(self._arrays["cpu"]) != size:
            names = ("cpu", "memory", "pods", "used_cpu", "used_memory", "used_pods")
            self._arrays = {name: self._numpy.zeros(size, dtype=self._numpy.int64) for name in names}
            changed: Iterable[int] = range(size)
        else:
            changed = {row for row in changes[self._next - forgotten :] if row < size}
        self._next = end
        for row in changed:
            self._fill(row, rows[row])
        return self._arrays

    def _fill(self, row: int, node: Row) -> None:
        arrays = self._arrays
        for name in ("cpu", "memory"):
            arrays[name][row] = node.allocatable.get(name, 0)
            arrays[f"used_{name}"][row] = node.used.get(name, 0)
        arrays["pods"][row] = node.allocatable.get("pods", 110)
        arrays["used_pods"][row] = len(node.members)
