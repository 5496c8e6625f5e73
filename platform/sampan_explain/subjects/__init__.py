"""One module for each subject, with ``explain(object, objects)``. Pure."""
