"""Where sampan_docker meets the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.contracts.components import Leftover
from sampan.contracts.options import ClusterOptions
from sampan.errors import ConfigError
from sampan.hookspecs import hookimpl

if TYPE_CHECKING:
    from sampan_runtime.contracts import Runtime, RuntimeOffer


@hookimpl
def provide_runtime(name: str, home: str, options: ClusterOptions) -> Runtime | None:
    if name != "docker":
        return None
    try:  # only a machine with Docker pays for the library, which the runtime imports as it goes
        import docker  # noqa: F401  # its absence is told here, in words
    except ModuleNotFoundError as error:
        if error.name != "docker":
            raise
        raise ConfigError("docker: the library docker is not installed: pip install 'sampan[docker]'") from None
    from sampan_docker import podnetwork
    from sampan_docker.runtime import DockerRuntime
    from sampan_runtime.interfaces import pod_mtu

    mtu = pod_mtu(options.node_ip) if options.node_pod_cidr else 0
    return DockerRuntime(home, network=podnetwork.named(options.home_id, options.node_pod_cidr, mtu))


@hookimpl
def contribute_runtimes() -> list[RuntimeOffer]:
    from sampan_docker import daemon
    from sampan_runtime.contracts import RuntimeOffer

    offer = RuntimeOffer(
        name="docker", pods="containers", priority=100, found="Docker answers", unavailable=daemon.trouble,
        host_address=daemon.bridge_address,
    )  # fmt: skip
    return [offer]


@hookimpl
def contribute_leftovers() -> list[Leftover]:
    from sampan_docker.leftovers import leftovers

    return leftovers()
