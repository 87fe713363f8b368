"""An image on the device that labels it: tiles are cut there, and labels come back while others work."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from converter.dilatednet.inference.predict import Pixels, check_finite
from converter.dilatednet.inference.tiles import Tile
from converter.pytorch.transform import to_bgr_planes


class Canvas:
    """An image uint8 (h, w, 3), R, G, B, sent to a device as it is, a quarter of its tiles' size."""

    def __init__(self, image: Pixels, mean: tuple[float, float, float], device: torch.device) -> None:
        host = torch.from_numpy(np.ascontiguousarray(image))
        pinned = host.pin_memory() if device.type == "cuda" else host
        self._pixels = pinned.to(device, non_blocking=True)
        self._mean = torch.tensor(mean, dtype=torch.float32).to(device, non_blocking=True)

    def crop_tile(self, tile: Tile) -> torch.Tensor:
        """What `tiles.cut` gives, on the device: float32 (1, 3, tile h, tile w), B, G, R minus the mean."""
        rows, columns = (
            torch.from_numpy(index).to(self._pixels.device, non_blocking=True) for index in (tile.rows, tile.columns)
        )
        pixels = self._pixels.index_select(0, rows).index_select(1, columns)
        return to_bgr_planes(pixels, self._mean)[None]


def copy_to_host(labels: torch.Tensor, finite: torch.Tensor) -> Callable[[], Pixels]:
    """Start copying labels uint8 (h, w) from their device; the function returned waits for them.

    `finite`: whether the numbers behind them were, a bool on the device. Without a device nothing is waited for.

    Raises (on waiting):
        WeightsError: they were not.
    """
    if labels.device.type != "cuda":
        return lambda: _check_finite(labels, finite)
    pair = [torch.empty(value.shape, dtype=value.dtype, pin_memory=True) for value in (labels, finite)]
    for host, value in zip(pair, (labels, finite), strict=True):
        host.copy_(value, non_blocking=True)
    arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
    arrived.record()

    def wait() -> Pixels:
        arrived.synchronize()
        return _check_finite(pair[0], pair[1])

    return wait


def _check_finite(labels: torch.Tensor, finite: torch.Tensor) -> Pixels:
    check_finite(bool(finite))
    pixels: Pixels = labels.numpy()
    return pixels
