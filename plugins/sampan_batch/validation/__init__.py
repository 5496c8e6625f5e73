"""Validation of Jobs and CronJobs. Source: upstream's batch/validation (order and words)."""
