"""Which processes run, their restarts, readiness and graceful stop."""
