"""Several images at once: tiles of equal size, whichever image they are of, go through the net together.

On CUDA nothing waits: `begin_many` hands over the images and all that is to be done with them, so that the next ones
are decoded, and these ones' labels counted, while the device works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch

from converter.dilatednet.inference.canvas import Canvas, copy_to_host
from converter.dilatednet.inference.predict import (
    Pixels,
    predict_labels,
    predict_labels_on_device,
    probabilities,
    run_batch,
)
from converter.dilatednet.inference.shared_front_end import shared_probabilities
from converter.dilatednet.inference.tiles import Tile, tiles
from converter.dilatednet.trained import model_of
from converter.dilatednet.zoo import Model

Waiting = Callable[[], Pixels]


@dataclass(slots=True)
class _PendingImage:
    """An image some of whose tiles are still to come."""

    size: tuple[int, int]
    canvas: Canvas
    tiles: list[Tile]
    outputs: list[tuple[Tile, torch.Tensor]] = field(default_factory=list)


def predict_many(
    module: torch.nn.Module,
    images: Sequence[Pixels],
    dataset: str | Model | None = None,
    *,
    input_size: tuple[int, int] | None = None,
    batch: int = 1,
) -> list[Pixels]:
    """The labels of several images, uint8 (h, w) each, as `predict` gives them, `batch` tiles at a time.

    An image whose tiles can share one front end goes by itself, which costs less (see
    `converter.dilatednet.inference.shared_front_end`).
    Raises what `predict` raises.
    """
    return [wait() for wait in begin_many(module, images, dataset, input_size=input_size, batch=batch)]


def begin_many(
    module: torch.nn.Module,
    images: Sequence[Pixels],
    dataset: str | Model | None = None,
    *,
    input_size: tuple[int, int] | None = None,
    batch: int = 1,
) -> list[Waiting]:
    """Start them: for each image a function that waits for its labels, uint8 (h, w). A CPU is done on return."""
    model = model_of(module, dataset)
    size = input_size or getattr(module, "input_size", None) or model.input_size
    device = device_of(module)
    labels: dict[int, Waiting] = {}
    pending: dict[int, _PendingImage] = {}
    for number, image in enumerate(images):
        extent = (image.shape[0], image.shape[1])
        if _goes_alone(module, image, model, size, batch):
            done = predict_labels(probabilities(module, image, model, size), model, extent)
            labels[number] = lambda done=done: done  # type: ignore[misc]
        else:
            canvas = Canvas(image, model.label_set.mean, device)
            pending[number] = _PendingImage(extent, canvas, list(tiles(extent, size)))
    labels.update(_run(module, pending, model, size, batch))
    return [labels[number] for number in range(len(images))]


def device_of(module: torch.nn.Module) -> torch.device:
    """Where a module wants its tiles: an accelerated module's own place, else where its parameters are."""
    from converter.fast.accelerated_module import AcceleratedModule

    if isinstance(module, AcceleratedModule):
        return module.place.device
    return next(module.parameters(), torch.empty(0)).device


def _goes_alone(module: torch.nn.Module, image: Pixels, model: Model, size: tuple[int, int], batch: int) -> bool:
    """Whether an image is labelled by itself: its tiles share a front end, or there is nothing to gain from others."""
    if batch == 1 and device_of(module).type != "cuda":
        return True
    return shared_probabilities(module, image, model, size) is not None


def _run(
    module: torch.nn.Module, pending: dict[int, _PendingImage], model: Model, size: tuple[int, int], batch: int
) -> Iterator[tuple[int, Waiting]]:
    """Every pending image's labels, on their way, as soon as its last tile is handed over."""
    queue = [(number, tile) for number, item in pending.items() for tile in item.tiles]
    for start in range(0, len(queue), batch):
        part = queue[start : start + batch]
        x = torch.cat([pending[number].canvas.crop_tile(tile) for number, tile in part])
        x = x.to(next(module.parameters(), x).dtype)
        for (number, tile), prob in zip(part, run_batch(module, x, model, size), strict=True):
            item = pending[number]
            item.outputs.append((tile, prob))
            if len(item.outputs) == len(item.tiles):
                finite = torch.stack([torch.isfinite(prob).all() for _, prob in item.outputs]).all()
                yield number, copy_to_host(predict_labels_on_device(item.outputs, model, item.size), finite)
                del pending[number]
