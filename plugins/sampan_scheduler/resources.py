"""Names that mean something to this plugin."""

DEFAULT_NAME = "default-scheduler"
UNSCHEDULABLE_TAINT = "node.kubernetes.io/unschedulable"
