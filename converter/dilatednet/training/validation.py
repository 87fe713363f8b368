"""Loss and mean IoU on images that are not trained on, every so many updates, and the best weights kept.

Whole images, as `evaluate` labels them; in the context stage whole feature maps. What is trained does not change by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from converter.data.images import read_image
from converter.data.labels import Labels, check_one_size, read_labels
from converter.data.list_files import read_bin
from converter.data.transforms import Array
from converter.dilatednet.evaluation.metrics import confusion, scores
from converter.dilatednet.inference.predict import upsample_labels
from converter.dilatednet.inference.shared_front_end import receptive_cells
from converter.dilatednet.inference.tiles import MARGIN, crop_tile, tiles
from converter.dilatednet.training.distributed import Processes
from converter.dilatednet.training.loss import summed_loss
from converter.dilatednet.training.sources import CheckedTruth, Source
from converter.dilatednet.training.stages import StageNet

CELL = 8


@dataclass(frozen=True, slots=True)
class Measured:
    """What a validation found: the loss averaged over the pixels that count, and the mean IoU in per cent."""

    loss: float
    mean_iou: float


@dataclass(frozen=True, slots=True)
class Validation:
    """The pairs that a run is measured on after every `every` updates: maps in the context stage, else images.

    `upsampled`: the stage's net has an output for every pixel, not for every cell of 8.
    """

    source: Source
    every: int
    stage: str
    upsampled: bool = False

    def measure(self, net: StageNet, processes: Processes) -> Measured:
        """Loss and mean IoU (as `evaluate` prints it) of the net as it is, each process doing its share.

        Raises:
            DatasetError, ImageError: a pair that is bad.
        """
        classes = net.model.topology.classes
        read = CheckedTruth(self.source.read or read_labels, classes)
        matrix, sums = np.zeros((classes, classes), np.int64), torch.zeros(2, dtype=torch.float64)
        stride = 1 if self.upsampled else CELL
        net.eval()
        with torch.inference_mode():
            for path, label in self.source.pairs[processes.rank :: processes.count]:
                truth = read(label)
                logits = self._logits(net, path, label, truth)
                sums += torch.stack(_loss(logits, truth, stride)).double().cpu()
                matrix += confusion(truth, _labels(logits, truth, stride), classes, path, label)
        net.train()
        return _over_all(sums, matrix, processes)

    def _logits(self, net: StageNet, path: str, label: str, truth: Labels) -> Tensor:
        """The logits (classes, rows, columns) of a whole image or map, cells beyond the image included."""
        device = next(net.parameters()).device
        if self.stage == "context":
            values: Tensor = net(torch.from_numpy(np.array(read_bin(path)))[None].to(device))[0]
            return values.float()
        image = read_image(path)
        check_one_size(image.shape, truth.shape, path, label)
        rows: dict[int, list[Tensor]] = {}
        mean = net.model.label_set.mean
        size = _tile_size(image, net.model.input_size, receptive_cells(net.model.topology))
        for tile in tiles((image.shape[0], image.shape[1]), size):
            x = torch.from_numpy(crop_tile(image, tile, mean)).to(device)
            rows.setdefault(tile.top, []).append(net(x)[0].float())
        return torch.cat([torch.cat(row, dim=2) for row in rows.values()], dim=1)


def _tile_size(image: Array, largest: tuple[int, int], reach: int) -> tuple[int, int]:
    """Tiles of whole cells, no larger than the image with its margins and `reach` cells of the context module."""
    needed = [(-(-side // CELL) + 1 + reach) * CELL + 2 * MARGIN for side in image.shape[:2]]
    whole = [side - (side - 2 * MARGIN) % CELL for side in largest]
    return min(needed[0], whole[0]), min(needed[1], whole[1])


def _loss(logits: Tensor, truth: Labels, stride: int) -> tuple[Tensor, Tensor]:
    """The loss summed over the outputs on the image whose label counts, and their number."""
    labels = torch.from_numpy(truth[::stride, ::stride].astype(np.int64)).to(logits.device)
    inside = logits[:, : labels.shape[0], : labels.shape[1]]
    return summed_loss(inside[None], labels[None, : inside.shape[1], : inside.shape[2]])


def _labels(logits: Tensor, truth: Labels, stride: int) -> Labels:
    """The most probable class of every pixel, uint8 (h, w)."""
    if stride == 1:
        return logits[:, : truth.shape[0], : truth.shape[1]].argmax(dim=0).to(torch.uint8).cpu().numpy()
    return upsample_labels(logits.softmax(dim=0), CELL, (truth.shape[0], truth.shape[1])).cpu().numpy()


def _over_all(sums: Tensor, matrix: Array, processes: Processes) -> Measured:
    """Loss and score over all processes' shares."""
    shared = torch.cat([sums, torch.from_numpy(matrix.ravel()).double()]).to(processes.device)
    total = processes.all_reduce_sum(shared).cpu().numpy()
    counts = np.rint(total[2:]).astype(np.int64).reshape(matrix.shape)
    return Measured(float(total[0] / max(1.0, total[1])), scores(counts).mean)


def best_so_far(folder: Path, name: str, iteration: int) -> float:
    """The mean IoU of the best weights that a run kept up to `iteration`; -1 where it kept none."""
    from converter.formats.weights.safetensors import read_metadata

    if not (folder / name).is_file():
        return -1.0
    kept = read_metadata(folder / name)
    return float(kept.get("val_mean_iou", "-1")) if int(kept.get("iteration", "0")) <= iteration else -1.0
