"""Checks of `sampan doctor` that plugins bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sampan.contracts.components import Hooks
from sampan.contracts.options import ClusterOptions


class Finding(NamedTuple):
    """What was found. ``bad``: prevents a cluster; ``note``: the user should know."""

    grade: Literal["ok", "note", "bad"]
    text: str


@dataclass(frozen=True, kw_only=True)
class CheckContext:
    """What ``contribute_checks`` is given."""

    settings: Any  # the plugin's own
    options: ClusterOptions  # as far as they are known without a cluster; node_name is "" where no node is wanted
    starting: bool  # whether no cluster runs and a start by these settings is looked at
    hooks: Hooks  # all hooks, for what other plugins contribute
