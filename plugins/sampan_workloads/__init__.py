"""Deployments, ReplicaSets and ControllerRevisions: workloads of interchangeable pods, kept at the wanted number."""
