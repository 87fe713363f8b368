"""AutoCrop (yun-liu/rcf): a Crop whose offset the net's geometry gives, which `reference.alignment` has entered.

Source: src/caffe/layers/auto_crop_layer.cpp.
"""

from __future__ import annotations

from reference.layers.crop import forward

TYPE = "AutoCrop"
MESSAGES = ("crop_param",)

__all__ = ["MESSAGES", "TYPE", "forward"]
