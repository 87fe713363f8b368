"""A mean image (`.binaryproto`, or `.npy`) into `.npy`, `.npz` or `.png`; no torch."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from converter.errors import OutputError
from converter.formats.mean_head import is_mean_file

if TYPE_CHECKING:
    import numpy as np

    from converter.conversion.convert import Report

    Array = np.ndarray[Any, np.dtype[np.float32]]

ENDINGS = (".npy", ".npz", ".png")


def converts_mean(source: str | os.PathLike[str], out: str | os.PathLike[str]) -> bool:
    """Whether a conversion is one of a mean: its target can be nothing else, or its source is one."""
    return Path(out).suffix in (".npy", ".png") or is_mean_file(source)


def convert_mean(source: str | os.PathLike[str], out: str | os.PathLike[str], *, checksum: bool = True) -> Report:
    """Write a mean as an array (c, h, w) float32, in an archive under the name "mean"; or as an 8-bit image.

    Channels stay in the file's order (B, G, R in Caffe's own), but an image of three has R, G, B. `checksum`: take the
    source's SHA-256.

    Raises:
        CaffemodelError: `source` is no mean, or is damaged.
        OutputError: the ending is unknown, `out` is `source` or cannot be written; or an image cannot hold the mean.
    """
    from converter.conversion.convert import Report
    from converter.files.digest import Digest
    from converter.files.unchanged import watch_files
    from converter.formats.mean import read_mean

    started, target = time.perf_counter(), Path(out)
    _check_target(source, target)
    with watch_files([os.fspath(source)]):
        digest = Digest(source)
        if checksum:
            digest.start()
        mean = read_mean(source)
        _write(mean, target)
        sha256 = digest.hexdigest() if checksum else ""
    size, seconds = target.stat().st_size, time.perf_counter() - started
    return Report(os.fspath(out), 0, 1, mean.size, size, seconds, sha256, tuple(_notes(mean, target)))


def _check_target(source: str | os.PathLike[str], target: Path) -> None:
    """A mean goes into its own formats, and not onto itself."""
    from converter.formats.detect import detect_format

    if target.suffix not in ENDINGS:
        text = f"the source is a mean image, which '{target.suffix}' does not hold; use one of {', '.join(ENDINGS)}"
        raise OutputError(text, path=str(target))
    if target.exists() and Path(source).exists() and target.samefile(source):
        raise OutputError("is the file that is to be converted; name another", path=str(target))
    if not is_mean_file(source) and detect_format(_head(source)) == "binary":
        text = f"'{target.suffix}' is for mean images, which the source is not; write weights as .safetensors or .npz"
        raise OutputError(text, path=str(target))


def _head(source: str | os.PathLike[str]) -> bytes:
    """The first bytes; none where the file is missing, which reading it tells."""
    path = Path(source)
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(1024)


def _write(mean: Array, target: Path) -> None:
    """The file, whole or not at all."""
    import numpy as np

    from converter.files.atomic import atomic_write

    pixels = _to_pixels(mean, target) if target.suffix == ".png" else None
    with atomic_write(target) as file:
        if pixels is not None:
            _write_png(pixels, file)
        elif target.suffix == ".npy":
            np.save(file, mean)
        else:
            np.savez(file, mean=mean)


def _to_pixels(mean: Array, target: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The mean as 8-bit pixels (h, w, 3), R, G, B, or (h, w).

    Raises:
        OutputError: it has other channels than one or three, or numbers that 8 bits do not hold.
    """
    import numpy as np

    if mean.shape[0] not in (1, 3):
        text = f"a mean of {mean.shape[0]} channels; an image has one or three; write .npy or .npz"
        raise OutputError(text, path=str(target))
    values = np.rint(mean)
    if values.min() < 0 or values.max() > 255:
        text = f"numbers from {mean.min():g} to {mean.max():g}; an image holds 0 to 255; write .npy or .npz"
        raise OutputError(text, path=str(target))
    pixels = values.astype(np.uint8)
    return pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels[::-1].transpose(1, 2, 0))


def _write_png(pixels: np.ndarray[Any, np.dtype[np.uint8]], file: BinaryIO) -> None:
    from PIL import Image

    Image.fromarray(pixels).save(file, "PNG")


def _notes(mean: Array, target: Path) -> list[str]:
    """Its shape and the mean of each channel, which nets of another size take."""
    shape = "×".join(map(str, mean.shape))
    means = ",".join(f"{value:.2f}" for value in mean.mean((1, 2), dtype=float))
    notes = [f"a mean of {shape}; its channels' means: {means}"]
    if target.suffix == ".png":
        order = ", B, G, R as R, G, B" if len(mean) == 3 else ""
        notes.append(f"rounded to 8 bits{order}")
    return notes
