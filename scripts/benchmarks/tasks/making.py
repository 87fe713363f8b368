"""Files that the benchmark works on: weights by the tests' formula, models of any size, images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from converter.files.stream import BlobStream
from converter.formats.weights.caffemodel_writer import OutputLayer, write_caffemodel

Run = Callable[[], dict[str, Any] | None]


def formula(path: str, width: int, fc_width: int, model: str = "pascal_voc") -> Run:
    """A published net's weights, as wide as asked for, the numbers those of tests/formula_weights.py."""
    from converter.dilatednet import find
    from tests.dilatednet.formula_nets import formula_arrays

    def run() -> None:
        topology = find(model).with_width(width, fc_width).topology
        arrays = formula_arrays(topology)
        steps = (step for step in topology.steps if step.name in arrays)
        layers = (OutputLayer(step.name, step.type, tuple(arrays.pop(step.name))) for step in steps)
        write_caffemodel(path, model, layers)

    return run


def drawn(path: str, size: int) -> Run:
    """A model of about `size` bytes: ten InnerProduct layers of random numbers."""

    def run() -> None:
        random = np.random.default_rng(0)
        rows = max(1, size // (10 * 4 * 1024))

        def numbers() -> Iterator[np.ndarray]:
            for start in range(0, rows, 1024):
                yield random.random((min(1024, rows - start), 1024), np.float32).reshape(-1)

        blob = BlobStream((rows, 1024), np.dtype("<f4"), numbers)
        write_caffemodel(path, "drawn", (OutputLayer(f"ip{n}", "InnerProduct", (blob,)) for n in range(10)))

    return run


def jpegs(folder: str, count: int) -> Run:
    """Synthetic JPEGs of VOC's usual sizes."""

    def run() -> None:
        from PIL import Image

        random = np.random.default_rng(0)
        for number in range(count):
            size = (500, 375) if number % 4 else (375, 500)
            coarse = Image.fromarray(random.integers(0, 256, (24, 32, 3), np.uint8))
            coarse.resize(size, Image.Resampling.BICUBIC).save(Path(folder) / f"{number:05}.jpg", quality=90)

    return run
