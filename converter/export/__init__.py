"""Writing weights in other programs' formats: one file a format, each with `save(content, path)`."""
