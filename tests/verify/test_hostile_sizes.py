"""Sizes that a prototxt states and that no memory holds: refused by name before anything is allocated, never a hang."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import converter
import reference
from converter.cli import main
from converter.errors import MemoryLimitError, ShapeError
from converter.files import memory

MOST = 64 * 2**20
HUGE = 2_000_000_000
CAFFES_MOST = 2**31 - 1

HOSTILE = {
    "Convolution": f"convolution_param {{ num_output: {HUGE} kernel_size: 1 }}",
    "Convolution, kernel": f"convolution_param {{ num_output: 1 kernel_size: {10**6} pad: {10**6} }}",
    "Convolution, pad": "convolution_param { num_output: 1 kernel_size: 1 pad: 1000000 }",
    "Deconvolution": "convolution_param { num_output: 1 kernel_size: 1 stride: 1000000 }",
    "InnerProduct": f"inner_product_param {{ num_output: {HUGE} }}",
    "Embed": f"embed_param {{ input_dim: {HUGE} num_output: {HUGE} }}",
    "Interp": f"interp_param {{ height: {HUGE} width: {HUGE} }}",
    "Interp, zoom": f"interp_param {{ zoom_factor: {10**6} }}",
    "Upsample": "upsample_param { scale: 1000000 }",
    "Tile": f"tile_param {{ tiles: {HUGE} }}",
    "Im2col": f"convolution_param {{ kernel_size: {10**6} pad: {10**6} }}",
    "PriorBox": "prior_box_param { " + "min_size: 1 " * 20 + "}",
    "DepthwiseConvolution": f"convolution_param {{ num_output: 2 kernel_size: {10**6} pad: {10**6} }}",
    "DummyData": f"dummy_data_param {{ shape {{ dim: {2**32} dim: {2**32} dim: {2**32} }} }}",
    "Parameter": f"parameter_param {{ shape {{ dim: {2**31} dim: {2**31} }} }}",
}


@pytest.fixture
def traced() -> Iterator[None]:
    """What is allocated inside stays small."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MOST


def net(folder: Path, kind: str, body: str) -> Path:
    """A net of one layer over a small image."""
    name = kind.partition(",")[0]
    bottoms = "" if name in ("DummyData", "Parameter") else 'bottom: "x"' * (2 if name == "PriorBox" else 1)
    text = f'input: "x" input_shape {{ dim: 1 dim: 2 dim: 8 dim: 8 }}\nlayer {{ name: "big" type: "{name}" {bottoms} '
    (folder / "n.prototxt").write_text(f'{text} top: "y" {body} }}\n')
    return folder / "n.prototxt"


REFUSED = {kind: body for kind, body in HOSTILE.items() if kind != "PriorBox"}


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("command", ["inspect", "verify"])
def test_a_command_names_the_layer(command: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, str(net(tmp_path, kind, REFUSED[kind]))]) == 2

    printed = capsys.readouterr()
    assert "layer 'big'" in printed.out + printed.err


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("kind", REFUSED)
def test_the_oracle_names_the_layer(kind: str, tmp_path: Path) -> None:
    given = {"x": np.zeros((1, 2, 8, 8))}

    with pytest.raises(reference.OracleError, match="layer 'big'"):
        reference.run(net(tmp_path, kind, REFUSED[kind]), None, given)


@pytest.mark.usefixtures("traced")
def test_an_input_of_more_numbers_than_caffe_counts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "n.prototxt").write_text(
        f'input: "x" input_shape {{ dim: {2**32} dim: {2**32} dim: {2**32} }}\n'
        'layer { name: "r" type: "ReLU" bottom: "x" top: "y" }\n'
    )

    with pytest.raises(ShapeError, match=f"top 'x' of .* a blob holds at most {CAFFES_MOST}"):
        converter.load(tmp_path / "n.prototxt")
    assert main(["inspect", str(tmp_path / "n.prototxt")]) == 2


@pytest.mark.parametrize(("count", "refused"), [(CAFFES_MOST, False), (CAFFES_MOST + 1, True)])
def test_caffes_own_limit_is_the_last_that_goes(count: int, refused: bool, tmp_path: Path) -> None:
    (tmp_path / "n.prototxt").write_text(
        f'input: "x" input_shape {{ dim: 1 dim: {count} }}\nlayer {{ name: "r" type: "ReLU" bottom: "x" top: "y" }}\n'
    )

    assert (main(["inspect", str(tmp_path / "n.prototxt")]) == 2) == refused


@pytest.mark.usefixtures("traced")
def test_what_counts_but_does_not_fit_says_what_it_would_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = net(tmp_path, "InnerProduct", "inner_product_param { num_output: 1000000 bias_term: false }")
    monkeypatch.setattr(memory, "memory_budget", lambda: 300 * 2**20)

    with pytest.raises(MemoryLimitError, match=r"layer 'big' \(InnerProduct\).* 488.3 MiB .*300.0 MiB") as caught:
        converter.load(path)
    assert caught.value.layer == "big"
    with pytest.raises(MemoryLimitError, match=r"1,000 bytes may be taken; "):
        converter.load(path, max_memory=1000)
    assert main(["verify", str(path), "--max-memory", "400M"]) == 2
    assert "400.0 MiB may be taken" in capsys.readouterr().err


def test_blobs_that_do_not_fit_are_refused_before_the_net_runs(tmp_path: Path) -> None:
    path = net(tmp_path, "Tile", "tile_param { tiles: 1000 }")  # 128,000 numbers of 12 bytes, and the input

    assert main(["verify", str(path), "--max-memory", "1.4M"]) == 2
    assert main(["verify", str(path), "--max-memory", "1.6M"]) == 0


def test_parameters_count_beside_blobs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = net(tmp_path, "InnerProduct", "inner_product_param { num_output: 1000 bias_term: false }")
    needed = 128_000 * (4 + 8) + (128 + 1000) * (4 + 8)  # filled, and the oracle's copy; the blobs of both programs

    assert main(["verify", str(path), "--max-memory", str(needed - 1)]) == 2
    assert "layer 'big' (InnerProduct): with it the blobs and parameters of the net" in capsys.readouterr().err
    assert main(["verify", str(path), "--max-memory", str(needed)]) == 0


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("size", [7, 200_000_001])
def test_a_window_far_wider_than_the_channels_pads_no_further_than_they_go(size: int, tmp_path: Path) -> None:
    """Torch pads by half of the window: 200 million channels of 64 numbers, 51 GB, for what two channels hold."""
    path = net(tmp_path, "LRN", f"lrn_param {{ local_size: {size} alpha: {size} beta: 1 }}")
    x = np.full((1, 2, 8, 8), 2.0, np.float32)

    y = converter.load(path)(x=torch.from_numpy(x))["y"].numpy()

    np.testing.assert_allclose(y, 2 / (1 + 8.0), rtol=1e-6)  # both channels' squares, 4 each, by alpha / size = 1


@pytest.mark.parametrize("size", ["", "x", "-1G", "1.5.2G", "8Q"])
def test_a_size_that_is_none_is_refused(size: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["verify", str(net(tmp_path, "ReLU", "")), "--max-memory", size])


def test_the_budget_is_a_share_of_what_is_free(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:  1000 kB\n")
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    assert memory.memory_budget() == 819_200

    (tmp_path / "memory.max").write_text("500000\n")
    (tmp_path / "memory.current").write_text("400000\n")
    assert memory.memory_budget() == 80_000


def test_windows_far_larger_than_the_plane_do_not_take_for_ever(tmp_path: Path) -> None:
    high = "pooling_param { pool: AVE kernel_h: 40000 kernel_w: 1 pad_h: 39999 pad_w: 0 stride: 40000 }"
    assert main(["verify", str(net(tmp_path, "Pooling", high))]) == 0

    wide = "pooling_param { pool: AVE kernel_size: 40000 pad: 39999 stride: 40000 }"
    path = net(tmp_path, "Pooling", wide)
    with pytest.raises(ShapeError, match="its bottom with pads of 1×2×80006×80006 would hold"):
        converter.load(path)
    # Windows from -39999 and from 1 on: all 64 pixels of ones, then 49 of them, over what the padding leaves of each.
    y = reference.run(path, None, {"x": np.ones((1, 2, 8, 8))})["y"]
    assert y[0, 0, 0, 0] == 1 / 40000**2
    assert y[0, 0, 1, 1] == 49 / 40000**2


def test_a_response_over_more_channels_than_there_are_is_that_over_all(tmp_path: Path) -> None:
    path = net(tmp_path, "LRN", "lrn_param { local_size: 100000001 alpha: 100000001 beta: 1 }")

    y = reference.run(path, None, {"x": np.ones((1, 2, 8, 8))})["y"]

    assert y.ravel().tolist() == pytest.approx([1 / 3] * 128)
