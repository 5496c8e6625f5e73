"""OverridePolicy and ClusterOverridePolicy: what differs between clusters."""
