"""Forwards a request, or a whole connection, to another server."""
