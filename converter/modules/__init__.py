"""PyTorch modules for what Caffe computes otherwise than torch: plain constructor arguments, tensors in and out.

Each file stands alone and imports nothing but torch, so that it can be used, or copied, without the rest.
Each argument of a constructor is an attribute of its name (a parameter or None for the flag `bias`), which is what
`converter.export.source` reads.
"""
