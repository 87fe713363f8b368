"""Download of published files: transfer with resume, checksums in a lock file, safe unpacking."""
