"""Pods as host processes: the development default where there is no Docker."""
