"""`sampan why`: why an object is as it is, or why a request is refused."""
