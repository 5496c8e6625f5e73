"""Services across clusters: ServiceExport and ServiceImport."""
