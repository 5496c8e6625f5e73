"""Jobs and CronJobs: pods that run to completion, once or by a schedule."""
