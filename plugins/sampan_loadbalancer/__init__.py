"""Services of type LoadBalancer: addresses from a pool, announced by a node."""
