"""The corpus report: which public prototxts read and build, and what stands in the way."""
