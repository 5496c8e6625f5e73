"""``application/vnd.kubernetes.protobuf``: Kubernetes' own encoding, by a table of field numbers."""
