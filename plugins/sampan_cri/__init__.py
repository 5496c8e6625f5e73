"""Pods as containers of a CRI runtime: containerd, CRI-O."""
