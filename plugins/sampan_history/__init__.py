"""Earlier revisions of objects: `sampan history`, `sampan undelete`, `sampan get --at`."""
