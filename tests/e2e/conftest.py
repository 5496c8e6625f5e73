"""The fixtures of the end-to-end tests; what they are made of is in support/clusters.py."""

from clusters import cluster, docker_cluster, exec_cluster, namespace, tools
from fronts import fronted

__all__ = ["cluster", "docker_cluster", "exec_cluster", "fronted", "namespace", "tools"]
