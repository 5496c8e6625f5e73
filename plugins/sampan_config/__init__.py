"""ConfigMap, Secret and Lease-like plain data kinds: what pods are configured with."""
