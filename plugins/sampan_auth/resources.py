"""The users and groups that this plugin names."""

from __future__ import annotations

AUTHENTICATED = "system:authenticated"
ANONYMOUS_NAME = "system:anonymous"
