"""A store on etcd, spoken to over gRPC."""
