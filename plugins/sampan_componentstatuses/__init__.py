"""ComponentStatus: whether the scheduler and the controllers work."""
