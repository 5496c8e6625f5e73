"""Placement: which clusters a workload goes to, and with how many replicas. Pure functions."""
