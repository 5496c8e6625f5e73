"""Opening the runtime: which socket, and remembering it, so that a later `sampan down` finds what was left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sampan.contracts.options import ClusterOptions
from sampan.errors import ConfigError
from sampan_cri import discovery

if TYPE_CHECKING:
    from sampan_cri.runtime import CriRuntime
    from sampan_cri.settings import Settings

REMEMBERED = "endpoint"  # file in the runtime's home


def open_runtime(home: str, options: ClusterOptions, settings: Settings) -> CriRuntime:
    """Raises ConfigError where there is no runtime, SampanError where it does not answer."""
    from sampan_cri.client import Client
    from sampan_cri.runtime import CriRuntime

    path = endpoint(Path(home), settings.endpoint)
    client = Client(path)
    try:
        found = CriRuntime(home, client, logs=settings.log_directory)
    except BaseException:
        client.close()
        raise
    (Path(home) / REMEMBERED).write_text(path)
    return found


def endpoint(home: Path, wanted: str) -> str:
    """The path of the socket: the one that is set, or that was used here, or one that is found. Raises ConfigError."""
    if wanted:
        return discovery.path_of(wanted)
    remembered = home / REMEMBERED
    if remembered.exists() and not discovery.refusal(known := remembered.read_text()):
        return known
    if found := discovery.found():
        return found
    raise ConfigError(f"node.runtime: cri: {discovery.trouble()}; start one, or set plugins.cri.endpoint")
