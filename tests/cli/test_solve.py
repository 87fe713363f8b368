"""`dilatednet solve`: a solver.prototxt with fyu's data layer, broken and resumed."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

import converter
from converter.cli import main
from converter.data.caffe_layers import layer_data
from converter.plan.stored_weights import read_weights
from tests.dilatednet.training.tiny_training import write_images

NET = """
layer { name: "data" type: "ImageLabelData" top: "data" top: "label"
  transform_param { crop_size: 24 mirror: true mean_value: 90 }
  image_label_data_param { image_list_path: "images.txt" label_list_path: "labels.txt" batch_size: 2 shuffle: true
    label_slice { dim: 16 dim: 16 stride: 1 stride: 1 offset: 4 offset: 4 } } }
layer { name: "c" type: "Convolution" bottom: "data" top: "c"
  convolution_param { num_output: 6 kernel_size: 9 weight_filler { type: "gaussian" std: 0.001 } } }
layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
layer { name: "final" type: "Convolution" bottom: "c" top: "final"
  convolution_param { num_output: 3 kernel_size: 1 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "final" bottom: "label" top: "loss"
  loss_param { ignore_label: 255 } }
"""
SOLVER = """
net: "FOLDER/net.prototxt" base_lr: 0.0001 momentum: 0.9 lr_policy: "step" gamma: 0.5 stepsize: 4 max_iter: ITERATIONS
snapshot: 5 snapshot_prefix: "FOLDER/run" display: 4 iter_size: 2 random_seed: 3 average_loss: 2
"""


def written(folder: Path, iterations: int, net: str = NET) -> str:
    """A solver beside its net and images."""
    folder.mkdir(exist_ok=True)
    if not (folder / "images.txt").exists():
        write_images(folder)
    (folder / "net.prototxt").write_text(net)
    text = SOLVER.replace("FOLDER", str(folder)).replace("ITERATIONS", str(iterations))
    (folder / "solver.prototxt").write_text(text)
    return str(folder / "solver.prototxt")


def test_a_run_is_solved_snapshots_included(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", written(tmp_path, 8), "--device", "cpu"]) == 0
    out = capsys.readouterr()
    names = [Path(line).name for line in out.out.splitlines()]
    assert names == [
        "run_iter_5.caffemodel",
        "run_iter_5.solverstate",
        "run_iter_8.caffemodel",
        "run_iter_8.solverstate",
    ]
    assert "iteration 4: loss" in out.err
    assert "rate 5e-05" in out.err


def test_a_resumed_run_equals_an_unbroken_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", written(tmp_path, 8), "--device", "cpu"]) == 0
    expected = {name: [np.array(blob) for blob in blobs] for name, blobs in weights(tmp_path).items()}
    (tmp_path / "run_iter_8.caffemodel").unlink()
    state = str(tmp_path / "run_iter_5.solverstate")
    assert main(["solve", written(tmp_path, 8), "--device", "cpu", "--snapshot", state]) == 0
    for name, blobs in weights(tmp_path).items():
        for ours, theirs in zip(blobs, expected[name], strict=True):
            np.testing.assert_array_equal(ours, theirs)
    assert "run_iter_8.caffemodel" in capsys.readouterr().out


def weights(folder: Path) -> dict[str, list[np.ndarray]]:
    return read_weights(folder / "run_iter_8.caffemodel")


def test_weights_fill_what_they_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", written(tmp_path, 5), "--device", "cpu"]) == 0
    other = NET.replace('name: "final"', 'name: "other"')
    solver = written(tmp_path, 5, other)
    capsys.readouterr()
    assert main(["solve", solver, "--device", "cpu", "--weights", str(tmp_path / "run_iter_5.caffemodel")]) == 0
    said = capsys.readouterr().err
    assert "note: not in the weights, filled: other" in said
    assert "note: in the weights, not in the net: final" in said


def test_a_net_that_reads_hdf5_is_solved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"], file["t"] = np.array([[1.0], [2]]), np.array([[2.0], [4]])
    (tmp_path / "list.txt").write_text("a.h5")
    net = f"""layer {{ name: "d" type: "HDF5Data" top: "x" top: "t"
      hdf5_data_param {{ source: "{tmp_path}/list.txt" batch_size: 2 }} }}
      layer {{ name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param {{
        num_output: 1 bias_term: false weight_filler {{ type: "constant" value: 1 }} }} }}
      layer {{ name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }}"""
    (tmp_path / "net.prototxt").write_text(net)
    (tmp_path / "solver.prototxt").write_text(
        f'net: "{tmp_path}/net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 1 test_iter: 1 test_interval: 1 '
        f'snapshot_prefix: "{tmp_path}/s"'
    )
    assert main(["solve", str(tmp_path / "solver.prototxt"), "--device", "cpu"]) == 0
    assert "iteration 0: test net 0: loss 1.25" in capsys.readouterr().err
    # The slope at w = 1 is the mean of (x w - 2 x) x: -2.5.
    assert read_weights(tmp_path / "s_iter_1.caffemodel")["ip"][0].item() == pytest.approx(1.25)


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    solver = Path(written(tmp_path, 40))
    solver.write_text(solver.read_text().replace("base_lr: 0.0001", "base_lr: 1e30"))
    assert main(["solve", str(solver), "--device", "cpu"]) == 2
    assert "a tenth of base_lr" in capsys.readouterr().err


def test_a_net_without_a_data_layer_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 24 dim: 24 } } }'
    label = 'layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 dim: 1 dim: 16 dim: 16 } } }'
    net = head + label + NET[NET.index('layer { name: "c"') :]
    assert main(["solve", written(tmp_path, 2, net), "--device", "cpu"]) == 2
    assert "no reader for its files; readers exist for ImageLabelData, BinLabelData, Data" in capsys.readouterr().err


TESTED = (
    """
layer { name: "data" type: "ImageLabelData" top: "data" top: "label" include { phase: TEST }
  transform_param { crop_size: 24 mean_value: 90 }
  image_label_data_param { image_list_path: "images.txt" label_list_path: "labels.txt" batch_size: 2
    label_slice { dim: 16 dim: 16 stride: 1 stride: 1 offset: 4 offset: 4 } } }
"""
    + NET.replace('top: "label"\n', 'top: "label" include { phase: TRAIN }\n', 1)
    + """
layer { name: "accuracy" type: "Accuracy" bottom: "final" bottom: "label" top: "accuracy"
  include { phase: TEST } accuracy_param { ignore_label: 255 } }
"""
)


def test_test_nets_are_run_on_the_weights_in_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the first iteration, every fourth, and after the last, which the snapshot's weights answer alike."""
    solver = Path(written(tmp_path, 8, TESTED))
    solver.write_text(solver.read_text() + "test_iter: 2 test_interval: 4")
    assert main(["solve", str(solver), "--device", "cpu"]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "test net" in line]
    assert [line.split(":")[0] for line in said] == ["iteration 0", "iteration 4", "iteration 8"]
    assert len(set(said)) == 3

    net = converter.load(tmp_path / "net.prototxt", tmp_path / "run_iter_8.caffemodel")
    data = layer_data(next(step.layer for step in net.plan.steps if step.operator.is_input), 3)
    with torch.inference_mode():
        passes = [net(**{top: torch.from_numpy(value) for top, value in data.inputs(n).items()}) for n in (4, 5)]
    mean = {name: float(sum(one[name] for one in passes)) / 2 for name in passes[0]}
    assert list(mean) == ["accuracy", "loss"]
    assert said[2] == f"iteration 8: test net 0: accuracy {mean['accuracy']:.6g}, loss {mean['loss']:.6g}"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("test_iter: 1", "test_iter without test_interval"),
        (
            'test_iter: 1 test_interval: 2 test_state { stage: "a" } test_state { stage: "b" }',
            "2 test_state for 1 test",
        ),
        ('test_net: "FOLDER/net.prototxt" test_interval: 2', "0 test_iter for 1 test nets"),
        ('test_net_param { name: "x" } test_iter: 1 test_interval: 2', "inside the solver"),
    ],
)
def test_test_nets_that_do_not_fit_are_refused_before_any_iteration(tmp_path: Path, capsys, words, message) -> None:
    solver = Path(written(tmp_path, 8, TESTED))
    solver.write_text(solver.read_text() + words.replace("FOLDER", str(tmp_path)))
    assert main(["solve", str(solver), "--device", "cpu"]) == 2
    said = capsys.readouterr().err
    assert f"{solver}: " in said
    assert message in said
    assert not list(tmp_path.glob("run_iter*"))


def test_a_test_net_of_other_shapes_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    solver = Path(written(tmp_path, 8, TESTED))
    (tmp_path / "other.prototxt").write_text(TESTED.replace("num_output: 6", "num_output: 7"))
    solver.write_text(solver.read_text() + f'test_net: "{tmp_path}/other.prototxt" test_iter: 1 test_interval: 2')
    assert main(["solve", str(solver), "--device", "cpu"]) == 2
    assert "layer 'c': blobs of shapes [(7, 3, 9, 9), (7,)]" in capsys.readouterr().err


def test_stages_choose_a_test_nets_layers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    staged = TESTED.replace("phase: TEST } accuracy_param", 'phase: TEST stage: "score" } accuracy_param')
    solver = Path(written(tmp_path, 1, staged))
    solver.write_text(
        solver.read_text() + 'test_iter: 1 test_iter: 1 test_interval: 1 test_state { } test_state { stage: "score" }'
    )
    assert main(["solve", str(solver), "--device", "cpu"]) == 0
    said = [line.split(": ", 2)[1:] for line in capsys.readouterr().err.splitlines() if "test net" in line]
    assert [(name, words.split()[0]) for name, words in said] == [
        ("test net 0", "loss"),
        ("test net 1", "accuracy"),
    ] * 2
