"""Node and Lease, node life cycle and taints."""
