"""Volumes in scheduling decisions: upstream's VolumeBinding, VolumeZone, VolumeRestrictions and NodeVolumeLimits."""
