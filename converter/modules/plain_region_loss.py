"""YOLOv2's training loss as zhang-xin's fork has it, without the sigmoids' slopes."""

from __future__ import annotations

import torch
from torch import Tensor

from converter.modules.yolo_losses import Anchor, RegionLoss


class PlainRegionLoss(RegionLoss):
    """YOLOv2's loss: the squares of the deltas, which are the gradient too, neither divided by n.

    Labels are rows of class (from 0), x, y, width, height, up to the first of x 0. As RegionLoss, but objectness has
    noobject_scale p where nothing is and object_scale (p - overlap), or (p - 1) without `rescore`, where something is;
    place and size have coord_scale (2 - area) times what they lack.
    Source: zhang-xin/caffe, src/caffe/layers/region_loss_layer.cpp.
    """

    divided = gradient_divided = False
    ends_at = 1

    def _box(self, value: Tensor, box: Tensor, anchor: Anchor, cell: Tensor) -> Tensor:
        place = value[:2].sigmoid() - (box[1:3] * cell[2:] - cell[:2])
        size = value[2:4] - (box[3:5] * cell[2:] / value.new_tensor(anchor)).log()
        return self.coord_scale * (2 - box[3] * box[4]) * torch.cat([place, size])

    def _nothing(self, p: Tensor) -> Tensor:
        return p

    def _object(self, p: Tensor, overlap: Tensor) -> Tensor:
        return self.object_scale * (p - (overlap if self.rescore else 1.0))
