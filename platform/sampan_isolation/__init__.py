"""Isolation of third-party code: each call has a deadline, each failure is recorded under the plugin's name.

Must not know what is called: hooks, requests, objects.
"""

from sampan_isolation.failure_log import Failure, FailureLog
from sampan_isolation.isolation import Broken, Isolation
from sampan_isolation.limits import Deadlines

__all__ = ["Broken", "Deadlines", "Failure", "FailureLog", "Isolation"]
