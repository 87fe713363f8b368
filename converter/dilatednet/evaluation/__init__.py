"""Evaluation: labels predicted over a data set, confusion counts, IoU tables and reports."""
