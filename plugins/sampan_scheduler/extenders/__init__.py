"""Scheduler extenders: HTTP servers that filter and score nodes, choose victims and bind pods."""
