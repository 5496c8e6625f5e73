"""Names that mean something to this plugin."""

GROUP = "apiregistration.k8s.io"

#: On the APIServices of what this server serves itself, as upstream's autoregistration marks them.
AUTOMANAGED = "kube-aggregator.kubernetes.io/automanaged"
