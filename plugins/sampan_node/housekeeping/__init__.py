"""Memory, disk and images of the node."""
