"""PriorityClass: names for how important pods are, and what a pod's name for it comes to."""
