"""Pods as host processes: the honest development default where there is no Docker."""
