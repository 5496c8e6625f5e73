"""metrics.k8s.io from the node agents, a day of history, and a Prometheus endpoint."""
