"""goldens/predict: a label for every pixel, the way of fyu/dilation's predict.py, worked out again on numpy.

The image is mirrored outwards by 186 pixels, cut into tiles that overlap by 372, each tile's probabilities are put
side by side, enlarged bilinearly with cell i at pixel i times zoom, and the most probable class is the label.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np

from goldens_maker.golden import Golden, copy_beside, write
from goldens_maker.nets import formula_net

MARGIN = 186
# net, mean (B, G, R), pixels a cell
_SETS = {
    "pascal_voc": ("dilation8_pascal_voc_mini", (102.93, 111.36, 116.52), 8),
    "camvid": ("dilation8_camvid_mini", (110.70313206, 108.77808759, 105.41212523), 8),
    "kitti": ("dilation7_kitti_mini", (96.19429688, 95.55136972, 91.34692262), 8),
    "cityscapes": ("dilation10_cityscapes_mini", (72.39, 82.91, 73.16), 1),
}


def make(caffe: ModuleType, stored: Path, target: Path) -> Iterator[str]:
    """Every image, with its data set's net."""
    copy_beside(stored, target, "*.prototxt", "*.png")
    for path in sorted(stored.glob("*.npz")):
        name, mean, zoom = _SETS[path.stem.rpartition("_")[0]]
        net = formula_net(caffe, stored / f"{name}.prototxt")
        image = np.rint(caffe.io.load_image(str(stored / f"{path.stem}_image.png")) * 255)
        prob = probabilities(net, image[:, :, ::-1] - np.array(mean))
        made = {"labels": labels(prob, zoom, image.shape[:2]), "prob": prob[:, ::3, ::3]}
        yield write(target / path.name, {key: made[key] for key in Golden(path).arrays})


def probabilities(net, pixels: np.ndarray) -> np.ndarray:
    """The tiles' answers side by side, (classes, rows, columns) float32; `pixels` (h, w, 3) are what the net takes."""
    size = net.blobs["data"].data.shape[2:]
    step = [side - 2 * MARGIN for side in size]
    padded = np.pad(pixels, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), mode="reflect")
    rows = []
    for top in range(0, pixels.shape[0], step[0]):
        row = []
        for left in range(0, pixels.shape[1], step[1]):
            tile = padded[top : top + size[0], left : left + size[1]]
            short = [(0, whole - part) for whole, part in ((size[0], tile.shape[0]), (size[1], tile.shape[1]))]
            tile = np.pad(tile, (*short, (0, 0)), mode="reflect")
            net.blobs["data"].data[...] = tile.transpose(2, 0, 1)[None]
            net.forward()
            row.append(np.array(net.blobs["prob"].data[0], np.float32))
        rows.append(np.concatenate(row, axis=2))
    return np.concatenate(rows, axis=1)


def labels(prob: np.ndarray, zoom: int, size: tuple[int, int]) -> np.ndarray:
    """The most probable class of every pixel, uint8 `size`; the last cell repeats where the next would be beyond."""
    if zoom == 1:
        return prob[:, : size[0], : size[1]].argmax(axis=0).astype(np.uint8)
    found = np.empty(size, np.uint8)
    columns = np.arange(size[1])
    left, share = columns // zoom, columns / zoom - columns // zoom
    right = np.minimum(left + 1, prob.shape[2] - 1)
    for row in range(size[0]):
        upper, down = row // zoom, row / zoom - row // zoom
        lower = min(upper + 1, prob.shape[1] - 1)
        line = down * prob[:, lower].astype(np.float64) + (1 - down) * prob[:, upper]
        found[row] = ((1 - share) * line[:, left] + share * line[:, right]).astype(np.float32).argmax(axis=0)
    return found
