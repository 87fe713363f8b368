"""A converted net as one self-contained PyTorch file, written as a person would write it."""
