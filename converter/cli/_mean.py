"""`--mean B,G,R` or `--mean FILE` on the command line."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

HELP = "mean to take off: a pixel, or a mean.binaryproto or .npy of the net's input size (default: the published net's)"


def mean_argument(text: str) -> tuple[float, float, float] | Path:
    """A mean pixel, or the file of a mean.

    Raises:
        argparse.ArgumentTypeError: neither three numbers nor a file.
    """
    try:
        blue, green, red = (float(value) for value in text.split(","))
    except ValueError:
        blue = green = red = math.nan
    if all(map(math.isfinite, (blue, green, red))):
        return blue, green, red
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"{text!r}; expected B,G,R, for example 104,117,123, or a file of a mean")
    return Path(text)


def read_mean_argument(
    given: tuple[float, float, float] | Path | None, size: tuple[int, int]
) -> np.ndarray[Any, np.dtype[Any]] | None:
    """The mean of an input of `size` (height, width), as `converter.data.input_mean.fit_mean` gives it.

    Raises:
        CaffemodelError: the file is no mean.
        ImageError: it is one of another size.
    """
    from converter.data.input_mean import fit_mean
    from converter.errors import ImageError
    from converter.formats.mean import read_mean

    if not isinstance(given, Path):
        import numpy as np

        return None if given is None else fit_mean(np.array(given), size)
    try:
        return fit_mean(read_mean(given), size)
    except ImageError as error:
        error.path = str(given)
        raise
