"""The pod network between nodes: routes on one segment, VXLAN elsewhere."""
