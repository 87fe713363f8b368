"""DeconvNet's Unpooling in both programs, by hand from unpooling_layer.cpp (HyeonwooNoh/caffe)."""

import numpy as np
import pytest
import torch

import converter
import reference
from converter.errors import ConversionError

TWO = "kernel_size: 2 stride: 2"
X = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])


def written(folder, fields: str, bottoms: int = 1):
    """A net of one Unpooling."""
    names = [f"x{index}" for index in range(bottoms)]
    shape = "input_shape { dim: 1 dim: 1 dim: 2 dim: 2 }"
    lines = [f'input: "{name}" {shape}' for name in names]
    wires = " ".join(f'bottom: "{name}"' for name in names)
    lines.append(f'layer {{ name: "it" type: "Unpooling" {wires} top: "y" unpooling_param {{ {fields} }} }}')
    (folder / "net.prototxt").write_text("\n".join(lines))
    return folder / "net.prototxt"


def both(folder, fields: str, *inputs: np.ndarray) -> list[list[list[float]]]:
    """The plane that each program gives."""
    path = written(folder, fields, len(inputs))
    fed = {f"x{index}": value for index, value in enumerate(inputs)}
    oracle = reference.run(path, None, fed)["y"][0, 0].tolist()
    net = converter.load(path).double()
    return [net(**{name: torch.tensor(value) for name, value in fed.items()})["y"][0, 0].tolist(), oracle]


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ("kernel_size: 2 stride: 2 unpool_size: 4", [[1, 0, 2, 0], [0] * 4, [3, 0, 4, 0], [0] * 4]),
        # places beyond the plane are held at its last row and column
        ("kernel_size: 2 stride: 3 unpool_h: 4 unpool_w: 2", [[1, 2], [0, 0], [0, 0], [3, 4]]),
        (f"unpool: AVE {TWO} unpool_size: 4", [[0.25, 0.25, 0.5, 0.5]] * 2 + [[0.75, 0.75, 1, 1]] * 2),
        # the windows of the last row and column are cut to 2 x 1, 1 x 2 and 1 x 1 places: 2 / 2, 3 / 2, 4 / 1
        ("unpool: AVE kernel_size: 2 stride: 2 unpool_size: 3", [[0.25, 0.25, 1], [0.25, 0.25, 1], [1.5, 1.5, 4]]),
        # windows of 1 x 2 a step apart meet in the middle column: 1 / 2 + 2 / 2, 3 / 2 + 4 / 2
        ("unpool: AVE kernel_h: 1 kernel_w: 2 unpool_h: 2 unpool_w: 3", [[0.5, 1.5, 1], [1.5, 3.5, 2]]),
        ("unpool: TILE kernel_size: 2 unpool_size: 3", [[1, 3, 2], [4, 10, 6], [3, 7, 4]]),  # stride 1
        ("unpool: TILE kernel_h: 1 kernel_w: 2 stride_h: 2 stride_w: 2 unpool_h: 4 unpool_w: 5",
         [[1, 1, 2, 2, 0], [0] * 5, [3, 3, 4, 4, 0], [0] * 5]),
        ("unpool: TILE kernel_size: 2 stride: 2 unpool_h: 1 unpool_w: 3", [[1, 1, 2]]),
    ],
)  # fmt: skip
def test_values_go_to_their_windows(tmp_path, fields, wanted):
    assert both(tmp_path, fields, X) == [wanted, wanted]


def test_a_mask_says_where_maxima_go(tmp_path):
    mask = np.array([[[[5.0, 2.0], [0.0, 3.0]]]])
    wanted = [[3, 0, 2], [4, 0, 1]]
    assert both(tmp_path, "kernel_size: 2 stride: 2 unpool_h: 2 unpool_w: 3", X, mask) == [wanted, wanted]


@pytest.mark.parametrize(
    "fields",
    [
        "stride: 2 unpool_size: 4",
        "kernel_size: 2 stride: 2",
        "kernel_size: 2 stride: 2 unpool_h: 4",
        "kernel_size: 2 stride: 2 unpool_size: 4 unpool_h: 4 unpool_w: 4",
        "kernel_size: 2 kernel_h: 2 kernel_w: 2 unpool_size: 4",
        "kernel_size: 2 stride: 2 stride_h: 2 stride_w: 2 unpool_size: 4",
        "kernel_size: 2 stride_w: 2 unpool_size: 4",
        "kernel_size: 0 unpool_size: 4",
        "kernel_size: 2 stride: 0 unpool_size: 4",
        "kernel_size: 2 unpool_h: 0 unpool_w: 1",
        "kernel_size: 3 pad: 1 unpool_size: 4",
        "kernel_size: 3 pad_h: 0 pad_w: 1 unpool_size: 4",
    ],
)
def test_what_the_fork_refuses_both_programs_refuse(tmp_path, fields):
    """LayerSetUp's checks; a stride of 0 and a plane of nothing, which it leaves to what they lead to, as well."""
    path = written(tmp_path, fields)
    with pytest.raises(ConversionError, match="it"):
        converter.load(path)
    with pytest.raises(reference.OracleError, match="it"):
        reference.run(path, None, {"x0": X})


def test_a_mask_of_another_shape_is_refused(tmp_path):
    path = written(tmp_path, "kernel_size: 2 stride: 2 unpool_size: 4", 2)
    path.write_text(path.read_text().replace("dim: 2", "dim: 3", 1))
    with pytest.raises(ConversionError, match="it"):
        converter.load(path)
    with pytest.raises(reference.OracleError, match="it"):
        reference.run(path, None, {"x0": np.ones((1, 1, 3, 2)), "x1": X})
