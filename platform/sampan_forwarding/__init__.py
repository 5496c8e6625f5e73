"""A request, or a whole connection, passed on to another server."""
