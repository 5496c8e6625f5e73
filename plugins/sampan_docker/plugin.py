"""Where sampan_docker meets the platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sampan.contracts.components import Leftover
from sampan.errors import ConfigError
from sampan.hookspecs import hookimpl

if TYPE_CHECKING:
    from sampan.contracts.runtime import Runtime


@hookimpl
def provide_runtime(name: str, home: str, options: Mapping[str, Any]) -> Runtime | None:
    if name != "docker":
        return None
    try:  # only whoever has Docker pays for the library
        import docker  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "docker":
            raise
        raise ConfigError("docker: the library docker is not installed: pip install 'sampan[docker]'") from None
    from sampan_docker.runtime import DockerRuntime

    return DockerRuntime(home)


@hookimpl
def contribute_leftovers() -> list[Leftover]:
    from sampan_docker.leftovers import leftovers

    return leftovers()
