"""Failover: taints by conditions, graceful eviction, and when an eviction task may end."""
