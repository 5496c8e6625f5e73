"""Validation of CustomResourceDefinitions. Source: apiextensions-apiserver, pkg/apis/apiextensions/validation."""

from sampan_crds.validation.definition import problems_of

__all__ = ["problems_of"]
