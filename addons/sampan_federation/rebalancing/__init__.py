"""WorkloadRebalancer: workloads are placed anew, as if nothing of them ran."""
