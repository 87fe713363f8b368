"""Conversion of a weights file into another format: read, matched to a net, checked, written."""
