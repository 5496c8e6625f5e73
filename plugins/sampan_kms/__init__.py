"""A key provider: the KMS plugins of Kubernetes, over gRPC."""
