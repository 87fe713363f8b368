"""Several pictures at once: tiles of equal size, whichever picture they are of, go through the net together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from converter.dilatednet.prediction import Pixels, checked_batch, labels_of, probabilities
from converter.dilatednet.tiles import Tile, cut, tiles
from converter.dilatednet.zoo import Model, find


@dataclass(slots=True)
class _Pending:
    """A picture some of whose tiles are still to come."""

    image: Pixels
    tiles: list[Tile]
    answers: list[tuple[Tile, torch.Tensor]] = field(default_factory=list)


def predict_many(
    module: torch.nn.Module,
    images: Sequence[Pixels],
    dataset: str = "pascal_voc",
    *,
    input_size: tuple[int, int] | None = None,
    batch: int = 1,
) -> list[Pixels]:
    """The labels of several pictures, uint8 (h, w) each, as `predict` gives them, `batch` tiles at a time.

    A picture whose tiles can share one front end (see `converter.fast.shared`) goes by itself, which costs less.
    Raises what `predict` raises.
    """
    model = find(dataset)
    size = input_size or getattr(module, "input_size", None) or model.input_size
    labels: list[Pixels | None] = [None] * len(images)
    pending: dict[int, _Pending] = {}
    for number, image in enumerate(images):
        if batch == 1 or _shares(module, image, model, size):
            answers = probabilities(module, image, model, size)
            labels[number] = labels_of(answers, model, (image.shape[0], image.shape[1]))
        else:
            pending[number] = _Pending(image, list(tiles((image.shape[0], image.shape[1]), size)))
    for number, (tile, prob) in _run(module, pending, model, size, batch):
        pending[number].answers.append((tile, prob))
        if len(pending[number].answers) == len(pending[number].tiles):
            done = pending.pop(number)
            labels[number] = labels_of(iter(done.answers), model, (done.image.shape[0], done.image.shape[1]))
    return [label for label in labels if label is not None]


def _shares(module: torch.nn.Module, image: Pixels, model: Model, size: tuple[int, int]) -> bool:
    shared = getattr(module, "shared_probabilities", None)
    return shared is not None and shared(image, model, size) is not None


def _run(
    module: torch.nn.Module, pending: dict[int, _Pending], model: Model, size: tuple[int, int], batch: int
) -> Iterator[tuple[int, tuple[Tile, torch.Tensor]]]:
    """Every tile of the pending pictures with its probabilities, picture by picture."""
    queue = [(number, tile, item.image) for number, item in pending.items() for tile in item.tiles]
    for start in range(0, len(queue), batch):
        part = queue[start : start + batch]
        x = np.concatenate([cut(image, tile, model.label_set.mean) for _, tile, image in part])
        for (number, tile, _), prob in zip(part, checked_batch(module, x, model, size), strict=True):
            yield number, (tile, prob)
