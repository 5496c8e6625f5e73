"""ServiceAccounts: the kind, their tokens, the root CA ConfigMap."""
