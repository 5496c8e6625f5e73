"""Where sampan_etcd meets the platform."""
