"""What stores share: the feed of recent commits with its watches, and committing by submission."""
