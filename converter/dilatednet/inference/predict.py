"""From an image to a label for every pixel, as fyu/dilation's predict.py does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from converter.data.input_mean import fit_mean
from converter.dilatednet.inference.shared_front_end import shared_probabilities
from converter.dilatednet.inference.tiles import MARGIN, Tile, crop_tile, tiles
from converter.dilatednet.trained import model_of
from converter.dilatednet.zoo import Model
from converter.errors import ImageError, ShapeError, WeightsError
from converter.modules.dense_crf import DenseCRF

Pixels = npt.NDArray[np.uint8]
Progress = Callable[[int, int], None]

_BAND = 2**23
"""Probabilities that are upsampled at a time: 64 MiB in float64."""


def predict(
    module: torch.nn.Module,
    image: Pixels,
    dataset: str | Model | None = None,
    *,
    input_size: tuple[int, int] | None = None,
    on_tile: Progress | None = None,
    crf: DenseCRF | None = None,
    mean: Sequence[float] | npt.NDArray[np.float32] | None = None,
) -> Pixels:
    """The most probable class of every pixel: uint8 (h, w); of equally probable ones the first.

    The image is padded, tiled (see `tiles`) and run tile by tile where the module's parameters are. Where the net gives
    outputs at an eighth of the resolution, they are interpolated bilinearly with cell i at pixel 8 i. The original
    reads past the last cell at the right and bottom edge where a side modulo the tile step leaves less than one cell;
    here the last cell repeats. Where the net upsamples (Cityscapes), what lies beyond the image is cut off, which the
    original leaves to its user. On wide KITTI images every tile pushes the next 4 pixels to the right, as in the
    original (a tile is 158.5 cells wide, and its output 159).

    Args:
        module: a DilatedNet or CaffeModule that outputs probabilities (a tensor, or a dict with `prob`).
        image: uint8 (h, w, 3), R, G, B, any size from 1×1.
        dataset: a data set or zoo name, or a training run's folder: mean, zoom, number of classes, tile size. None:
            what the module was loaded as; pascal_voc where it does not say.
        input_size: (height, width) of a tile where it is not the module's own or the published net's.
        on_tile: called with the number of tiles done and of all tiles.
        mean: B, G, R to take off instead of the data set's: three numbers, or an array (3, 1, 1) or (3, h, w) of the
            tile's size.
        crf: sharpens the probabilities of all pixels before the most probable class is taken.

    Raises:
        ConversionError: an unknown data set.
        ImageError: not such an array, or a mean of another size.
        ShapeError: the module's output does not fit the data set.
        WeightsError: the module returns NaN.
    """
    model = model_of(module, dataset)
    _check(image)
    outputs = probabilities(module, image, model, input_size, on_tile, mean)
    size = (image.shape[0], image.shape[1])
    if crf is None:
        return predict_labels(outputs, model, size)
    prob = image_probabilities(outputs, model, size)
    with torch.inference_mode():
        refined = crf(prob, torch.from_numpy(np.ascontiguousarray(image)).to(prob.device))
    labels: Pixels = refined.argmax(dim=0).to(torch.uint8).cpu().numpy()
    return labels


def image_probabilities(
    outputs: Iterable[tuple[Tile, torch.Tensor]], model: Model, size: tuple[int, int]
) -> torch.Tensor:
    """The probabilities of every pixel of an image of `size` (height, width): float32 (classes, h, w)."""
    if model.label_set.zoom > 1:
        prob = stitch_tiles(outputs)
        rows, columns = (torch.arange(side, device=prob.device) for side in size)
        return upsample(prob, model.label_set.zoom, rows, columns)
    return stitch_tiles(outputs)[:, : size[0], : size[1]]


def predict_labels(outputs: Iterable[tuple[Tile, torch.Tensor]], model: Model, size: tuple[int, int]) -> Pixels:
    """The most probable class of every pixel of an image of `size` (height, width) from its tiles: uint8 (h, w)."""
    labels: Pixels = predict_labels_on_device(outputs, model, size).cpu().numpy()
    return labels


def predict_labels_on_device(
    outputs: Iterable[tuple[Tile, torch.Tensor]], model: Model, size: tuple[int, int]
) -> torch.Tensor:
    """The same where the probabilities are, without waiting for them: uint8 (h, w)."""
    if model.label_set.zoom > 1:
        return upsample_labels(stitch_tiles(outputs), model.label_set.zoom, size)
    labels: torch.Tensor | None = None
    for tile, prob in outputs:
        labels = torch.empty(size, dtype=torch.uint8, device=prob.device) if labels is None else labels
        part = labels[tile.top : tile.top + prob.shape[1], tile.left : tile.left + prob.shape[2]]
        part.copy_(prob[:, : part.shape[0], : part.shape[1]].argmax(dim=0))
    assert labels is not None  # an image has a tile
    return labels


def probabilities(
    module: torch.nn.Module,
    image: Pixels,
    model: Model,
    input_size: tuple[int, int] | None = None,
    on_tile: Progress | None = None,
    mean: Sequence[float] | npt.NDArray[np.float32] | None = None,
) -> Iterator[tuple[Tile, torch.Tensor]]:
    """Every tile with its probabilities (classes, rows, columns) float32, on the module's device, in eval mode.

    An accelerated module runs one front end for all tiles, and gives no cells that lie beyond the image.
    """
    size = input_size or getattr(module, "input_size", None) or model.input_size
    offset = fit_mean(np.asarray(model.label_set.mean if mean is None else mean), size)
    outputs = None
    if offset.size == 3:  # the same everywhere: tiles may share what they have in common
        outputs = shared_probabilities(module, image, model.with_mean(offset.ravel()), size, on_tile)
    if outputs is not None:
        for tile, prob in outputs:
            _check_finite(prob)
            yield tile, prob
        return
    every = list(tiles((image.shape[0], image.shape[1]), size))
    for done, tile in enumerate(every, 1):
        yield tile, predict_batch(module, crop_tile(image, tile, offset), model, size)[0]
        if on_tile:
            on_tile(done, len(every))


def predict_batch(
    module: torch.nn.Module, x: npt.NDArray[np.float32], model: Model, size: tuple[int, int]
) -> torch.Tensor:
    """The probabilities (n, classes, rows, columns) float32 of tiles x (n, 3, h, w), computed in eval mode.

    Raises:
        ShapeError: the output does not fit the data set.
        WeightsError: the output holds NaN.
    """
    parameter = next(module.parameters(), torch.empty(0))
    prob = run_batch(module, torch.from_numpy(x).to(parameter.device, parameter.dtype), model, size)
    _check_finite(prob)
    return prob


def run_batch(module: torch.nn.Module, x: torch.Tensor, model: Model, size: tuple[int, int]) -> torch.Tensor:
    """The same for tiles (n, 3, h, w) on the module's device, not checked for NaN, which would wait for it.

    Raises:
        ShapeError: the output does not fit the data set.
    """
    training = module.training
    module.eval()
    try:
        with torch.inference_mode():
            prob = _probabilities_of(module(x)).float()
    finally:
        module.train(training)
    _check_shape(prob, model, size)
    return prob


def stitch_tiles(outputs: Iterable[tuple[Tile, torch.Tensor]]) -> torch.Tensor:
    """The tiles' probabilities side by side: (classes, rows, columns)."""
    rows: dict[int, list[torch.Tensor]] = {}
    for tile, prob in outputs:
        rows.setdefault(tile.top, []).append(prob)
    return torch.cat([torch.cat(row, dim=2) for row in rows.values()], dim=1)


def upsample_labels(prob: torch.Tensor, zoom: int, size: tuple[int, int]) -> torch.Tensor:
    """Arg-max of probabilities (classes, rows, columns) interpolated to `size` (height, width) pixels: uint8.

    Interpolated in float64 and rounded to float32 before the comparison, as the original's compiled loop does; on the
    probabilities' device.
    """
    height, width = size
    labels = torch.empty(size, dtype=torch.uint8, device=prob.device)
    band = max(1, _BAND // (prob.shape[0] * width))
    for top in range(0, height, band):
        rows = torch.arange(top, min(height, top + band), device=prob.device)
        values = upsample(prob, zoom, rows, torch.arange(width, device=prob.device))
        labels[top : top + band] = values.argmax(dim=0)
    return labels


def upsample(prob: torch.Tensor, zoom: int, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """Probabilities at pixel `rows` and `columns` of the upsampled map: (classes, len(rows), len(columns)) float32."""
    upper, lower, down = _neighbor_cells(rows, zoom, prob.shape[1])
    left, right, across = _neighbor_cells(columns, zoom, prob.shape[2])
    down = down[:, None]
    lines = down * prob[:, lower].double() + (1 - down) * prob[:, upper].double()
    return ((1 - across) * lines[:, :, left] + across * lines[:, :, right]).float()


def _neighbor_cells(pixels: torch.Tensor, zoom: int, cells: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The two cells around each pixel, and the second one's share (float64)."""
    first = pixels // zoom
    share = pixels.double() / zoom - first
    return first, (first + 1).clamp(max=cells - 1), share


def _check(image: Any) -> None:
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        seen = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise ImageError(f"expected an array uint8 (h, w, 3), R, G, B; got {seen}; read it with images.read_image")
    if not image.size:
        raise ImageError(f"the image is empty: {image.shape}; expected at least one pixel")


def _probabilities_of(out: Any) -> torch.Tensor:
    """The probabilities among a module's outputs."""
    if isinstance(out, Mapping):
        if "prob" not in out and len(out) != 1:
            raise ShapeError(f"the net outputs {', '.join(out)}; expected 'prob', or one output; use the deploy net")
        out = out["prob"] if "prob" in out else next(iter(out.values()))
    assert isinstance(out, torch.Tensor)
    return out


def _check_shape(prob: torch.Tensor, model: Model, size: tuple[int, int]) -> None:
    """The output must have the data set's classes and cells."""
    zoom = model.label_set.zoom
    cells = tuple(-(-(side - 2 * MARGIN) // zoom) for side in size)
    expected = (len(model.label_set.classes), *cells)
    if tuple(prob.shape[1:]) != expected:
        raise ShapeError(
            f"the net outputs {tuple(prob.shape[1:])} to a tile of {size[0]}×{size[1]}; {model.name} gives {expected}; "
            "name the data set that the net was trained on"
        )


def _check_finite(prob: torch.Tensor) -> None:
    check_finite(bool(torch.isfinite(prob).all()))


def check_finite(finite: bool) -> None:
    """Refuse an output whose numbers are not all finite.

    Raises:
        WeightsError: always then.
    """
    if not finite:
        raise WeightsError("the net outputs NaN or infinity; the weights are damaged; convert or download them again")
