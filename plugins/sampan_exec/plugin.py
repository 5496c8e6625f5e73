"""Where sampan_exec meets the platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sampan.contracts.components import Leftover
from sampan.hookspecs import hookimpl

if TYPE_CHECKING:
    from sampan.contracts.runtime import Runtime


@hookimpl
def provide_runtime(name: str, home: str, options: Mapping[str, Any]) -> Runtime | None:
    if name != "exec":
        return None
    from pathlib import Path

    from sampan_exec.runtime import ExecRuntime

    return ExecRuntime(Path(home), str(options.get("loopback_pods") or ""))


@hookimpl
def contribute_leftovers() -> list[Leftover]:
    from sampan_exec.leftovers import leftovers

    return list(leftovers())
