"""Strangers' code behind a fence: each call has a deadline, each failure is noted under the plugin's name.

Nothing here knows what is called: hooks, requests, objects.
"""

from sampan.fencing.books import Books, Failure
from sampan.fencing.fence import Broken, Fence
from sampan.fencing.limits import Deadlines

__all__ = ["Books", "Broken", "Deadlines", "Failure", "Fence"]
