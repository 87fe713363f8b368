"""CaffeModule: Caffe's mini nets in every format, names, weights' account, shared parameters."""

import copy

import numpy as np
import pytest
import torch

import converter
from converter.errors import ShapeError, WeightsError
from tests.formula_weights import formula_blob, formula_image, sample
from tests.places import GOLDENS

MINI = GOLDENS / "nets/mini"
KITTI = MINI / "dilation7_kitti_mini.prototxt"
NAMES = sorted(path.stem for path in MINI.glob("*.prototxt"))


def with_formula_weights(net):
    """The weights that the goldens were made with; the bilinear upsampling kernel stays as its filler made it."""
    with torch.no_grad():
        for step in net.plan.steps:
            for index, blob in enumerate(step.operator.blobs):
                if blob.filler.type != "bilinear":
                    value = formula_blob(step.layer.name, index, blob.shape)
                    net.blob_parameter(step.layer.name, index).copy_(torch.from_numpy(value))
    return net


def check_blobs(net, golden, name):
    """Every sampled blob within 2e-5 of its own largest magnitude (prob 2e-4), and the labels equal everywhere."""
    height, width = net.inputs["data"][2:]
    with torch.no_grad():
        blobs = {key: value.numpy() for key, value in net.blobs(data=formula_image(height, width)[None]).items()}
    checked = 0
    for key in golden.files:
        kind, _, blob = key.partition(":")
        if kind == "shape":
            assert blobs[blob].shape == tuple(golden[key]), blob
        elif kind in {"sample", "out"}:
            seen = sample(blobs[blob]) if kind == "sample" else blobs[blob]
            wanted = golden[key]
            bound = 2e-4 if blob == "prob" else 2e-5
            assert np.abs(seen - wanted).max() <= bound * np.abs(wanted).max(), f"{name}: {key}"
            checked += 1
    assert checked > 20
    if "out:prob" in golden.files:
        np.testing.assert_array_equal(blobs["prob"].argmax(1), golden["out:prob"].argmax(1))


@pytest.mark.parametrize("name", NAMES)
def test_every_blob_of_the_published_topologies_is_caffes(name):
    net = with_formula_weights(converter.load(MINI / f"{name}.prototxt"))

    check_blobs(net, np.load(MINI / f"{name}.npz"), name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dilation8_pascal_voc", "frontend_pascal_voc"])
def test_every_blob_at_full_size_is_caffes(name):
    golden = np.load(GOLDENS / f"nets/full/{name}.npz")
    net = with_formula_weights(converter.load(GOLDENS / f"nets/full/{name}.prototxt"))
    with torch.no_grad():
        blobs = {key: value.numpy() for key, value in net.blobs(data=formula_image(900, 900)[None]).items()}
    for key in golden.files:
        kind, _, blob = key.partition(":")
        if kind in {"sample", "out"}:
            seen = sample(blobs[blob]) if kind == "sample" else blobs[blob]
            bound = 2e-4 if blob == "prob" else 2e-5
            assert np.abs(seen - golden[key]).max() <= bound * np.abs(golden[key]).max(), key
        elif kind == "argmax":
            np.testing.assert_array_equal(blobs[blob].argmax(1).ravel(), golden[key].ravel())


@pytest.mark.parametrize("ending", [".caffemodel", ".caffemodel.h5", ".safetensors"])
def test_weights_of_every_format_give_caffes_blobs(tmp_path, ending):
    weights = MINI / f"dilation7_kitti_mini{ending}"
    if ending == ".safetensors":
        weights = tmp_path / "kitti.safetensors"
        converter.convert(MINI / "dilation7_kitti_mini.caffemodel", weights)

    check_blobs(converter.load(KITTI, weights), np.load(MINI / "dilation7_kitti_mini.npz"), ending)


@pytest.mark.parametrize("version", ["v0", "v1"])
@pytest.mark.parametrize("form", ["legacy", "v2", "upgraded"])
def test_old_nets_and_their_binaries_give_caffes_activations(version, form):
    folder = GOLDENS / "nets/formats"
    net = converter.load(folder / f"{version}.prototxt", folder / f"{version}_{form}.caffemodel")
    golden = np.load(folder / f"{version}.npz")
    inputs = {key[3:]: golden[key] for key in golden.files if key.startswith("in:")}
    with torch.no_grad():
        blobs = net.blobs(**inputs)
    outputs = [key for key in golden.files if key.startswith("out:")]

    assert outputs
    for key in outputs:
        assert np.abs(blobs[key[4:]].numpy() - golden[key]).max() <= 2e-5 * np.abs(golden[key]).max(), key


def test_the_early_forks_file_loads_and_holds_the_formula_weights():
    net = converter.load(KITTI, GOLDENS / "nets/formats/early_fork_2016_public.caffemodel")

    for layer in ("conv1_1", "fc6", "ctx_final"):
        weight = net.blob_parameter(layer, 0).detach().numpy()
        np.testing.assert_array_equal(weight, formula_blob(layer, 0, weight.shape))


def test_parameters_are_views_of_the_mapped_file():
    """No copy on the way: the parameter's storage is the array that the reader gave."""
    from converter.plan.plan import build_plan
    from converter.pytorch.caffe_module import CaffeModule
    from converter.pytorch.loading import weights_of

    plan = build_plan(converter.read_net(KITTI))
    given = weights_of(plan, MINI / "dilation7_kitti_mini.caffemodel")
    net = CaffeModule.of(plan, given)

    assert net.blob_parameter("fc6", 0).data_ptr() == given.arrays["fc6"][0].ctypes.data


def test_state_dict_keys_are_caffes_layer_names():
    keys = list(converter.load(KITTI).state_dict())

    assert keys[:4] == ["conv1_1.weight", "conv1_1.bias", "conv1_2.weight", "conv1_2.bias"]


def test_a_layer_name_with_a_dot_is_escaped_and_found_by_its_own_name(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(
        'input: "x" input_shape { dim: 1 dim: 2 }\n'
        'layer { name: "a.b" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 3 } }\n'
        'layer { name: "forward" type: "ReLU" bottom: "y" top: "z" }\n'
    )
    net = converter.load(path)

    assert list(net.state_dict()) == ["a%2Eb.weight", "a%2Eb.bias"]
    assert net.blob_parameter("a.b", 0).shape == (3, 2)
    assert net(torch.ones(1, 2))["z"].shape == (1, 3)


def test_missing_extra_and_misshapen_layers_are_named_in_one_error(tmp_path):
    path = tmp_path / "net.prototxt"
    text = KITTI.read_text().replace('"conv1_2"', '"renamed"').replace("num_output: 11", "num_output: 12")
    path.write_text(text)

    with pytest.raises(WeightsError) as caught:
        converter.load(path, MINI / "dilation7_kitti_mini.caffemodel")
    error = caught.value
    assert error.missing == ("renamed",)
    assert error.unexpected == ("conv1_2",)
    assert any(item.startswith("final.weight: 11×") and "12×" in item for item in error.misshapen)
    assert all(word in str(error) for word in ("renamed", "conv1_2", "final.weight"))


def test_what_was_filled_instead_of_loaded_is_noted():
    net = converter.load(KITTI)

    assert "layer 'conv1_1' was filled, not loaded: weight by constant, bias by constant" in net.notes


def test_shared_parameters_are_one_tensor():
    net = converter.load(next((GOLDENS / "layers").glob("Net*SharedParam*_00.prototxt")))

    assert net.blob_parameter("c1", 0) is net.blob_parameter("c2", 0)


def test_inputs_are_checked_by_name():
    net = converter.load(KITTI)

    with pytest.raises(ShapeError, match="missing data"):
        net()
    with pytest.raises(ShapeError, match="unknown image"):
        net(data=torch.zeros(1, 3, 436, 484), image=torch.zeros(1))


def test_a_failed_call_in_training_updates_running_statistics_once(tmp_path):
    """The failing layer is found by a second run, which must leave no trace."""
    (tmp_path / "net.prototxt").write_text(
        'input: "x" input_shape { dim: 2 dim: 3 }\n'
        'layer { name: "bn" type: "BatchNorm" bottom: "x" top: "b" batch_norm_param { use_global_stats: false } }\n'
        'layer { name: "fc" type: "InnerProduct" bottom: "b" top: "y" inner_product_param { num_output: 1 } }\n'
    )
    net = converter.load(tmp_path / "net.prototxt", phase="train").train()
    x = torch.arange(12.0).reshape(2, 3, 2)
    alone = copy.deepcopy(net.bn)
    alone(x)

    with pytest.raises(ShapeError, match="layer 'fc'"):
        net(x)

    assert not torch.equal(alone.running_mean, torch.zeros(3))
    for name, buffer in alone.named_buffers():
        assert torch.equal(net.bn.get_buffer(name), buffer), name


@pytest.mark.gpu
def test_every_blob_on_cuda_is_caffes():
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    golden = np.load(MINI / "dilation8_pascal_voc_mini.npz")
    net = with_formula_weights(converter.load(MINI / "dilation8_pascal_voc_mini.prototxt")).cuda()
    height, width = net.inputs["data"][2:]
    with torch.no_grad():
        blobs = net.blobs(data=torch.from_numpy(formula_image(height, width)[None]).cuda())
    for key in golden.files:
        if key.startswith("sample:") and key != "sample:prob":
            seen = sample(blobs[key[7:]].cpu().numpy())
            assert np.abs(seen - golden[key]).max() <= 2e-5 * np.abs(golden[key]).max(), key
