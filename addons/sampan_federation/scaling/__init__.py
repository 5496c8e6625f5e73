"""FederatedHPA: the replicas of a workload over all its members, by what its pods use."""
