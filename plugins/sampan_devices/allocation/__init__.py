"""Which devices a claim gets on a node: pure functions over claims, classes and slices."""
