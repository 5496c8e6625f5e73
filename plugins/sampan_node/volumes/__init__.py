"""Volumes of pods as paths of this machine."""
