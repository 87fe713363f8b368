"""The same nets, faster: packed weights, fused rectification, nothing kept that nobody reads. For inference only."""

from converter.fast.engine import FastNet, accelerate

__all__ = ["FastNet", "accelerate"]
