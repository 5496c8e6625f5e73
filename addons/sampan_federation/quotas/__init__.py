"""FederatedResourceQuota: quotas of one namespace in all clusters."""
