"""Pod Security admission: what pods may do to their node, by labels of their namespace."""
