"""The same nets, faster: packed weights, fused rectification, nothing kept that nobody reads. For inference only."""

from converter.fast.accelerated_module import FastNet, accelerate

__all__ = ["FastNet", "accelerate"]
