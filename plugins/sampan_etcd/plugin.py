"""Where sampan_etcd meets the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.errors import ConfigError
from sampan.hookspecs.markers import hookimpl

if TYPE_CHECKING:
    from sampan.contracts.store import Store


@hookimpl
def provide_store(url: str) -> Store | None:
    from sampan_etcd.options import read_url

    if not url.startswith("etcd:"):
        return None
    options = read_url(url)
    try:  # imported late: only a cluster with an etcd:// store needs the library
        from sampan_etcd.store import EtcdStore
    except ModuleNotFoundError as error:
        if error.name != "grpc":
            raise
        raise ConfigError("store: an etcd needs the library grpcio: pip install 'sampan[etcd]'") from None
    return EtcdStore(options)
