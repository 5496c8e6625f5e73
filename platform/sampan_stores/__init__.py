"""Code shared by stores: the feed of recent commits with its watches, and commits by submission."""
