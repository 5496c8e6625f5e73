"""The WSGI entry point under its short name: ``sampan.wsgi:app``. What it is: ``sampan_server.wsgi``."""

from sampan_server.wsgi import app

__all__ = ["app"]
