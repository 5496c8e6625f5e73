"""The Common Expression Language: text in, a checked and compiled program out. Source: cel-spec, doc/langdef.md.

Knows nothing of Kubernetes nor of the rest of sampan. An Environment names the variables and functions; ``compile``
makes a Program of an expression, whose ``evaluate`` is called with the variables' values.
"""

from sampan_cel.environment import Environment, Program
from sampan_cel.errors import CelError, CheckError, CostExceeded, ParseError

__all__ = ["CelError", "CheckError", "CostExceeded", "Environment", "ParseError", "Program"]
