"""A KubeSchedulerConfiguration file: profiles, plugins that take part, and their arguments."""
