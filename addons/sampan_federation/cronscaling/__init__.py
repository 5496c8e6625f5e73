"""CronFederatedHPA: replicas of a workload, or bounds of its FederatedHPA, at set times."""
