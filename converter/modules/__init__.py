"""PyTorch modules for what Caffe computes otherwise than torch: plain constructor arguments, tensors in and out.

Each file stands alone and imports nothing but torch, so that it can be used, or copied, without the rest.
"""
