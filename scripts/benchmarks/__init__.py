"""What conversion, loading and running cost beside their peers; `scripts/benchmark` runs it.

The process that measures imports the standard library alone, so that its children start from little memory; what is
measured runs in processes of its own (`tasks`, by way of `worker`).
"""
