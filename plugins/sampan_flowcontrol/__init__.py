"""Priority and fairness: no flood of requests keeps the cluster's own traffic waiting."""
