"""Bytes on disk: mapped reading, atomic writing, copying, streaming in chunks, digests. Knows no format."""
