"""PriorityClass, and the admission that turns a pod's class into its priority."""
