"""Limits on what a namespace and its objects may use: ResourceQuota and LimitRange."""
