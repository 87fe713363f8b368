"""The same nets, faster: packed weights, fused rectification, nothing kept that nobody reads. For inference only."""

from converter.fast.accelerated_module import AcceleratedModule, accelerate

FastNet = AcceleratedModule
"""The name of earlier versions."""

__all__ = ["AcceleratedModule", "FastNet", "accelerate"]
