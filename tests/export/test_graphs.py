"""ONNX models and torch.export programs: Caffe's names and numbers, open sizes, cuts, errors that name the layer."""

import subprocess
import sys

import numpy as np
import pytest
import torch

import converter
from converter.cli import main
from converter.errors import ConversionError, OutputError
from converter.export import extras
from converter.export.convert import convert
from converter.export.onnx import write_onnx
from converter.export.shapes import free_axes
from converter.export.torch_export import write_pt2
from converter.export.weights import write_weights
from tests.export.nets import DILATED, chain, dilated, golden_error, image_of
from tests.export.targets import run_onnx, run_pt2, run_source
from tests.goldens_reader import FORWARD_TOLERANCE, scaled_error
from tests.ladder import rungs, setup
from tests.places import GOLDENS
from tests.pytorch.table import layer_cases

WRITE = {"onnx": (write_onnx, run_onnx), "pt2": (write_pt2, run_pt2)}
TARGETS = [pytest.param("onnx", marks=pytest.mark.onnx), "pt2"]
CASES = layer_cases()
QUICK = {"Pooling", "LRN", "BN (segnet)", "Deconvolution", "UnpoolByMask", "ArgMax", "Slice", "PriorBox"}
FILTERED = (
    'input: "x" input_shape { dim: 2 dim: 3 dim: 9 dim: 9 }\n'
    'layer { name: "c" type: "Convolution" bottom: "x" top: "c"\n'
    "  convolution_param { num_output: 4 kernel_size: 3 } }\n"
    'layer { name: "mean" type: "Reduction" bottom: "c" top: "mean" reduction_param { axis: 1 } }\n'
    'layer { name: "f" type: "Filter" bottom: "c" bottom: "mean" top: "y" }\n'
)
"""A layer that export cannot have behind a convolution that it can."""

REFUSED = {
    *((kind, target) for kind in ("AnchorTarget", "ProposalTarget", "ROIPooling") for target in ("onnx", "pt2")),
    *((kind, "pt2") for kind in ("DetectionOutput", "ProposalLayer")),
}
"""What these do depends on the numbers, and neither torch.export nor ONNX says it."""


QUICK_NETS = [("frontend_pascal_voc", "pt2")]


def _net_cases():
    for name in DILATED:
        for target in WRITE:
            marks = [pytest.mark.onnx] if target == "onnx" else []
            marks += [] if (name, target) in QUICK_NETS else [pytest.mark.slow]
            yield pytest.param(name, target, marks=marks)


@pytest.mark.parametrize(("name", "target"), list(_net_cases()))
def test_a_dilated_net_gives_caffes_probabilities_at_any_size(name, target, tmp_path):
    net, image = dilated(name), image_of(name)
    write, run = WRITE[target]
    path = tmp_path / f"net.{target}"
    write(net, path)
    assert golden_error(name, run(path, {"data": image}, ["prob"])["prob"]) <= 2e-5
    other = np.concatenate([image[..., 8:, 3:]] * 3)
    with torch.no_grad():
        wanted = net(data=other)["prob"].numpy()
    # two float32 programs, each within 2e-5 of the exact probabilities as Caffe is, whose exponentials magnify rounding
    assert scaled_error(run(path, {"data": other}, ["prob"])["prob"], wanted) <= 4e-5


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "kind", [kind if kind in QUICK else pytest.param(kind, marks=pytest.mark.slow) for kind in CASES]
)
def test_every_layer_type_gives_caffes_numbers_or_an_error_that_names_the_cut(kind, target, tmp_path):
    case = CASES[kind]
    net = converter.load(case.prototxt, case.weights).eval()
    inputs = {name: case.group("in")[name] for name in net.inputs}
    write, run = WRITE[target]
    path = tmp_path / f"net.{target}"
    if (kind, target) in REFUSED:
        told = rf"layer '(target|it)' .*cannot be written as \.{target}: .*--until .*\.py"
        with pytest.raises(OutputError, match=told):
            write(net, path)
        assert not list(tmp_path.iterdir())
        return
    write(net, path)
    found = run(path, inputs, net.outputs)
    errors = {name: scaled_error(found[name], value) for name, value in case.group("out").items() if name in found}
    assert errors and max(errors.values()) <= FORWARD_TOLERANCE, errors


@pytest.mark.onnx
def test_an_onnx_models_values_bear_caffes_blob_names(tmp_path):
    import onnx

    path = tmp_path / "net.onnx"
    write_onnx(chain(tmp_path), path, {"source": "w.caffemodel"})
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    produced = {name for node in model.graph.node for name in node.output}
    assert {"conv/1", "pool", "a", "b", "fc"} <= produced | {value.name for value in model.graph.output}
    assert [value.name for value in model.graph.input] == ["data"]
    assert [value.name for value in model.graph.output] == ["a", "fc"]
    dims = model.graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_param or dim.dim_value for dim in dims] == ["batch", 3, 12, 10]
    assert {item.domain: item.version for item in model.opset_import}[""] >= 18
    assert {item.key: item.value for item in model.metadata_props} == {"source": "w.caffemodel"}
    assert model.graph.name == "chain"


@pytest.mark.onnx
def test_numbers_beyond_the_limit_lie_beside_the_model(tmp_path, monkeypatch):
    monkeypatch.setattr("converter.export.onnx.LARGEST", 100)
    net = chain(tmp_path)
    write_onnx(net, tmp_path / "net.onnx")
    assert (tmp_path / "net.onnx.data").stat().st_size >= 4 * net.fc.weight.numel()
    x = np.ones((2, 3, 12, 10), np.float32)
    with torch.no_grad():
        wanted = net(data=x)
    found = run_onnx(tmp_path / "net.onnx", {"data": x}, net.outputs)
    assert max(scaled_error(found[name], value.numpy()) for name, value in wanted.items()) <= 1e-5


def test_axes_that_a_layer_fixes_are_not_free(tmp_path):
    assert free_axes(chain(tmp_path)) == {"data": (0,)}
    assert free_axes(dilated("dilation7_kitti")) == {"data": (0, 2, 3)}


@pytest.mark.parametrize("ending", ["py", "pt2", pytest.param("onnx", marks=pytest.mark.onnx)])
def test_convert_takes_the_endings_and_cuts_a_net_before_its_detections(ending, tmp_path):
    (tmp_path / "net.prototxt").write_text(FILTERED)
    net = converter.load(tmp_path / "net.prototxt", seed=0)
    weights = tmp_path / "w.safetensors"
    with torch.no_grad():
        net.c.weight.copy_(torch.arange(108.0).reshape(4, 3, 3, 3) / 100)
    write_weights(net, weights)
    out = tmp_path / f"out.{ending}"
    report = convert(weights, out, tmp_path / "net.prototxt", until=["c"])
    assert (report.layers, report.blobs, report.parameters) == (1, 2, 112)
    x = np.random.default_rng(0).standard_normal((2, 3, 9, 9)).astype(np.float32)
    run = {"py": run_source, "pt2": run_pt2, "onnx": run_onnx}[ending]
    wanted = torch.nn.functional.conv2d(torch.from_numpy(x), net.c.weight.detach()).numpy()
    assert scaled_error(run(out, {"x": x}, ["c"])["c"], wanted) <= 1e-5


def test_the_command_folds_preprocessing_and_says_what_a_net_takes(tmp_path, capsys):
    chain(tmp_path)
    net = converter.load(tmp_path / "chain.prototxt", seed=3, preprocessing=converter.Preprocessing((1.0, 2.0, 3.0)))
    write_weights(net, tmp_path / "w.safetensors")
    common = ["convert", str(tmp_path / "w.safetensors"), "--prototxt", str(tmp_path / "chain.prototxt")]
    assert main([*common, str(tmp_path / "plain.py"), "--mean", "1,2,3", "--scale", "0.5"]) == 0
    assert "Images: B, G, R in 0 to 255, minus (1, 2, 3), times 0.5." in (tmp_path / "plain.py").read_text()
    folded = [str(tmp_path / "folded.py"), "--fold-preprocessing", "--mean", "1,2,3", "--scale", "0.5"]
    assert main([*common, *folded]) == 0
    (tmp_path / "tv.prototxt").write_text(
        'layer { name: "d" type: "Data" top: "data" transform_param { scale: 0.5\n'
        "  mean_value: 1 mean_value: 2 mean_value: 3 } }"
    )
    again = [str(tmp_path / "again.py"), "--fold-preprocessing", "--train-val", str(tmp_path / "tv.prototxt")]
    assert main([*common, *again]) == 0
    texts = [(tmp_path / f"{name}.py").read_text().replace(name, "") for name in ("folded", "again")]
    assert texts[0] == texts[1]
    assert "takes R, G, B in 0 to 255" in capsys.readouterr().out
    image = np.random.default_rng(0).integers(0, 256, (1, 3, 12, 10)).astype(np.float32)
    prepared = (image[:, ::-1] - np.float32([1, 2, 3])[:, None, None]) * np.float32(0.5)
    plain = run_source(tmp_path / "plain.py", {"data": np.ascontiguousarray(prepared)}, net.outputs)
    raw = run_source(tmp_path / "folded.py", {"data": image}, net.outputs)
    assert all(scaled_error(raw[name], plain[name]) <= 1e-5 for name in net.outputs)


def test_a_whole_net_wants_its_prototxt_and_its_own_file(tmp_path):
    weights = GOLDENS / "nets/mini/dilation7_kitti_mini.caffemodel"
    with pytest.raises(OutputError, match="give it with prototxt"):
        convert(weights, tmp_path / "net.onnx")
    (tmp_path / "net.py").mkdir()
    with pytest.raises(OutputError, match="is a folder; name a file in it"):
        convert(weights, tmp_path / "net.py", GOLDENS / "nets/mini/dilation7_kitti_mini.prototxt")
    (tmp_path / "net.py").rmdir()
    with pytest.raises(OutputError, match=r"'\.tflite' is no ending .*\.onnx"):
        convert(weights, tmp_path / "net.tflite")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "option",
    [
        {"until": ["prob"]},
        {"inputs": {"data": (1, 3, 9, 9)}},
        {"preprocessing": converter.Preprocessing((1.0, 2.0, 3.0))},
        {"fold_preprocessing": True},
        {"crop": "geometry"},
    ],
    ids=str,
)
def test_what_is_for_whole_nets_is_refused_for_weights(option, tmp_path):
    with pytest.raises(OutputError, match="until, inputs, preprocessing and crop are for whole nets"):
        convert(GOLDENS / "nets/mini/dilation7_kitti_mini.caffemodel", tmp_path / "net.safetensors", **option)
    assert not list(tmp_path.iterdir())


def test_a_missing_package_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConversionError, match=r"onnx and onnxscript.*pip install 'dilatednet\[onnx\]'"):
        write_onnx(chain(tmp_path), tmp_path / "net.onnx")


def test_weights_are_converted_without_torch(tmp_path):
    weights = GOLDENS / "nets/mini/dilation7_kitti_mini.caffemodel"
    code = (
        "import sys, converter\n"
        f"converter.convert({str(weights)!r}, {str(tmp_path / 'w.npz')!r})\n"
        "assert 'torch' not in sys.modules and 'onnx' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_users_own_layer_goes_into_a_program(tmp_path):
    rung = next(rung for rung in rungs() if rung.type == "Python")
    ready = setup(rung, tmp_path)
    net = ready.module.float()
    inputs = {name: np.asarray(value, np.float32) for name, value in ready.inputs.items()}
    write_pt2(net, tmp_path / "net.pt2")
    found = run_pt2(tmp_path / "net.pt2", inputs, net.outputs)
    np.testing.assert_array_equal(found["y"], 2 * inputs["x"])
