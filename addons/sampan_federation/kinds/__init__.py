"""The kinds of the federation, as CustomResourceDefinitions."""
