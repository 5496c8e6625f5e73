"""WorkloadRebalancer: workloads are placed as if nothing of them ran."""
