"""The hooks, one module per subject. A hook is a question asked once, at boot; the answers are contracts."""

from sampan.hookspecs.markers import hookimpl, hookspec

__all__ = ["hookimpl", "hookspec"]
