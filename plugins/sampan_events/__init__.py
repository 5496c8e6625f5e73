"""Events: core/v1 and events.k8s.io/v1 over one storage."""
