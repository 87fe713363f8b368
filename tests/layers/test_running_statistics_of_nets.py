"""BatchNorm in a net: its file's running statistics, and how they move in training, by hand (batch_norm_layer.cpp)."""

from pathlib import Path

import numpy as np
import pytest

import converter
import reference
from tests.wire_bytes import packed, piece

FIRST, SECOND = np.float32([[0, 2], [4, 6]]), np.float32([[2, 4], [10, 12]])
"""Means 2 and 4, then 6 and 8; deviations ±2, then ±4: unbiased variances 8, then 32."""


def files(folder: Path, param: str, blobs: tuple[list[float], ...] = ()) -> tuple[Path, Path]:
    """A net of one BatchNorm over two channels, and its weights."""
    layer = f'layer {{ name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param {{ {param} }} }}'
    (folder / "n.prototxt").write_text(f'input: "x" input_shape {{ dim: 2 dim: 2 }}\n{layer}\n')
    held = b"".join(piece(7, packed(np.float32(blob))) for blob in blobs)
    (folder / "w.caffemodel").write_bytes(piece(100, piece(1, b"bn") + piece(2, b"BatchNorm") + held))
    return folder / "n.prototxt", folder / "w.caffemodel"


@pytest.mark.parametrize(("param", "fraction"), [("moving_average_fraction: 0.75", 0.75), ("", 0.999)])
def test_the_files_fraction_moves_the_statistics(tmp_path: Path, param: str, fraction: float) -> None:
    """Caffe's blobs: sums f · 2 + 6, f · 4 + 8 and f · 8 + 32, factor f · 1 + 1; 0.999 where the file says nothing."""
    net = converter.load(files(tmp_path, param)[0], phase="train")
    net(x=FIRST)
    net(x=SECOND)
    means, variances, factor = (net.blob_parameter("bn", index).tolist() for index in range(3))
    assert means == pytest.approx([fraction * 2 + 6, fraction * 4 + 8])
    assert variances == pytest.approx([fraction * 8 + 32] * 2)
    assert factor == pytest.approx([fraction + 1])


def test_nvidias_form_takes_the_files_fraction(tmp_path: Path) -> None:
    """The third pass moves: 0.75 · 6 + 0.25 · 2 and 0.75 · 8 + 0.25 · 4; biased variances 0.75 · 16 + 0.25 · 4."""
    net = converter.load(files(tmp_path, "scale_bias: true moving_average_fraction: 0.75")[0], phase="train")
    for batch in (FIRST, SECOND, FIRST):
        net(x=batch)
    assert net.blob_parameter("bn", 0).tolist() == [5, 7]
    assert net.blob_parameter("bn", 1).tolist() == [13, 13]


def test_a_factor_of_0_stands_for_no_statistics(tmp_path: Path) -> None:
    """batch_norm_layer.cpp: scale_factor = blob == 0 ? 0 : 1 / blob; mean and variance 0, y = x / sqrt(0.25)."""
    prototxt, weights = files(tmp_path, "eps: 0.25", ([3, 5], [7, 9], [0]))
    assert converter.load(prototxt, weights)(x=FIRST)["y"].tolist() == (2 * FIRST).tolist()
    assert reference.run(prototxt, weights, {"x": FIRST})["y"].tolist() == (2 * FIRST).tolist()


def test_statistics_of_a_file_are_sums_that_the_factor_divides(tmp_path: Path) -> None:
    """Means 3 / 2 and 5 / 2, variances 7.5 / 2 = 3.75: (x - mean) / sqrt(3.75 + 0.25)."""
    prototxt, weights = files(tmp_path, "eps: 0.25", ([3, 5], [7.5, 7.5], [2]))
    wanted = [[-0.75, -0.25], [1.25, 1.75]]
    assert converter.load(prototxt, weights)(x=FIRST)["y"].tolist() == wanted
    assert reference.run(prototxt, weights, {"x": FIRST})["y"].tolist() == wanted
