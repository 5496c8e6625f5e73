"""CustomResourceDefinition, and the custom resources that definitions describe."""
