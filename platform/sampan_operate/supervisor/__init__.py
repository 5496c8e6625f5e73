"""The processes of a cluster: their start, restarts, readiness and graceful stop."""
