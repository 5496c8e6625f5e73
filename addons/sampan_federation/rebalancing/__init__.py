"""WorkloadRebalancer: workloads are placed again, as if nothing of them ran."""
