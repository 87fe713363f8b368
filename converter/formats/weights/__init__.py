"""Weights files: one module a format, each with its reader, its writer and its recognition by content."""
