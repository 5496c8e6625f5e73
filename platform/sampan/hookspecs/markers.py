"""pluggy's two markers under sampan's project name."""

import pluggy

PROJECT = "sampan"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
