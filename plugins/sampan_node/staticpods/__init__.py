"""Pods of a folder of manifests."""
