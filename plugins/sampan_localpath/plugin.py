"""Where sampan_localpath meets the platform."""

from __future__ import annotations

from dataclasses import dataclass

from sampan.contracts.components import Component, Running
from sampan.contracts.kinds import Object
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds

USER = "sampan:localpath"


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.localpath``."""

    directory: str = ""
    """Absolute path of the directory, on each node, that volumes are made in; empty: `components/localpath/volumes` in
    the home. Existing volumes stay where they are."""
    default_class: bool = True
    """Make the StorageClass `local-path` the default class where it does not exist yet."""

    def __post_init__(self) -> None:
        bounds.require(self, directory=_absolute)


def _absolute(text: str) -> str:
    parts = text.split("/")
    return "" if not text or (text.startswith("/") and ".." not in parts) else "must be an absolute path without '..'"


def _run(running: Running) -> None:
    from sampan_localpath.component import run

    run(running)


@hookimpl
def contribute_bootstrap_objects(context: ServerContext) -> list[Object]:
    from sampan_localpath.bootstrap import objects

    return objects(USER, default=context.settings.default_class)


@hookimpl
def contribute_components() -> list[Component]:
    return [Component(name="localpath", run=_run, user=USER, process="node")]
