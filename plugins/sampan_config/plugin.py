"""Where sampan_config meets the platform."""

from __future__ import annotations

from sampan.contracts.kinds import Kind
from sampan.hookspecs import hookimpl


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_config.configmaps import CONFIG_MAP
    from sampan_config.secrets import SECRET

    return [CONFIG_MAP, SECRET]
