"""The kubelet's HTTPS API: logs, metrics, pages."""
