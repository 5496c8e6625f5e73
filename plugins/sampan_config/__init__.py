"""ConfigMap and Secret: what pods are configured with."""
