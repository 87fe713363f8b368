"""VideoData: frames of a film or camera, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.data import DataLayer, channels, square
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


@layer("VideoData")
class VideoData(DataLayer):
    """Tops: frames and labels of SSD's layer, or clips and labels of video-caffe's or temporal segment networks'.

    video-caffe's layer, clips (n, 3, length, h, w), is the one whose video_data_param has batch_size or new_length; h
    and w are crop_size, else its new_height and new_width. That of temporal segment networks, told by num_segments or
    modality, has all frames of a clip among the channels: of colour 3 each, of optical flow 2. SSD's, frames
    (n, 3, h, w), has its batch_size in data_param, and h and w in transform_param's resize_param.
    Source: src/caffe/layers/video_data_layer.cpp of SSD's fork, of chuckcho/video-caffe and of yjxiong/caffe.
    """

    field = "video_data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Frames or clips; labels, one each."""
        height, width = square(view, transform)
        segments = any(map(view.has, ("num_segments", "modality")))
        if segments or view.has("batch_size") or view.has("new_length"):
            batch, length = view.integer("batch_size", 1), view.integer("new_length", 1)
            sizes = (height or view.integer("new_height", 0), width or view.integer("new_width", 0))
            if segments:
                modality = view.choice("modality", ("RGB", "FLOW", "VIDEO"), "RGB")
                frames = length * view.integer("num_segments", 1)
                return [(batch, (2 if modality == "FLOW" else 3) * frames, *sizes), (batch, 1, 1, 1)]
            return [(batch, 3, length, *sizes), (batch,)]
        for resize in transform.messages("resize_param")[:1]:
            height, width = resize.integer("height", 0), resize.integer("width", 0)
        data = self.params.message("data_param")
        batch = data.integer("batch_size", 0) if data.has("batch_size") else 0
        return [(batch, channels(view, transform), height, width), (batch,)]
