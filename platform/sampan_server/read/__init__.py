"""GET and LIST: how new, which objects, in which form."""
