"""The same nets, faster, for inference: packed weights, fused rectification, blobs freed after their last reader."""

from converter.fast.accelerated_module import AcceleratedModule, accelerate

FastNet = AcceleratedModule
"""The name of earlier versions."""

__all__ = ["AcceleratedModule", "FastNet", "accelerate"]
