"""The fast nets against the plain ones and Caffe's goldens: same outputs up to rounding, nothing changed underneath."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

import converter
from converter.errors import ShapeError
from converter.fast import accelerate
from tests.dilatednet.formula_nets import formula_net
from tests.formula_weights import formula_image, sample
from tests.places import GOLDENS

MINI = GOLDENS / "nets/mini"
NAMES = ["dilation7_kitti", "dilation8_camvid", "dilation8_pascal_voc", "dilation10_cityscapes", "frontend_pascal_voc"]


def image_for(name):
    net = converter.load(MINI / f"{name}_mini.prototxt")
    return torch.from_numpy(formula_image(*net.inputs["data"][2:])[None])


@pytest.mark.parametrize("name", NAMES)
def test_a_fast_dilatednet_gives_caffes_probabilities(name):
    golden = np.load(MINI / f"{name}_mini.npz")
    prob = accelerate(formula_net(name))(image_for(name)).numpy()
    key = "out:prob" if "out:prob" in golden.files else "sample:prob"
    seen = prob if key.startswith("out") else sample(prob)

    assert prob.dtype == np.float32
    assert np.abs(seen - golden[key]).max() <= 2e-4 * np.abs(golden[key]).max()


def test_a_fast_caffe_module_gives_the_plain_ones_outputs():
    net = converter.load(MINI / "dilation7_kitti_mini.prototxt", MINI / "dilation7_kitti_mini.caffemodel")
    x = image_for("dilation7_kitti")
    with torch.inference_mode():
        plain = net(data=x)["prob"]

    fast = accelerate(net)(data=x)

    assert list(fast) == ["prob"]
    assert (fast["prob"] - plain).abs().max() <= 2e-5 * plain.max()


@pytest.mark.parametrize("case", sorted((GOLDENS / "layers").glob("*_00.prototxt")), ids=lambda path: path.stem)
def test_every_kind_of_layer_passes_through_unchanged(case):
    """Outputs of the fast form equal the plain form's for each layer type's first golden."""
    weights = case.with_suffix(".caffemodel")
    golden = np.load(case.with_suffix(".npz"))
    inputs = {key[3:]: torch.from_numpy(golden[key]) for key in golden.files if key.startswith("in:")}
    plain = converter.load(case, weights if weights.exists() else None, seed=1)
    fast = accelerate(converter.load(case, weights if weights.exists() else None, seed=1))
    with torch.inference_mode():
        wanted = plain(**inputs)

    for name, value in fast(**inputs).items():
        np.testing.assert_allclose(value.numpy(), wanted[name].numpy(), rtol=1e-5, atol=1e-6, equal_nan=True)


def test_a_branch_that_reads_before_the_rectification_is_not_fused_away(tmp_path):
    """The sigmoid reads the convolution's own answer, the in-place ReLU comes after it."""
    path = tmp_path / "net.prototxt"
    path.write_text(
        'input: "x" input_shape { dim: 1 dim: 2 dim: 5 dim: 5 }\n'
        'layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 3 kernel_size: 3\n'
        '  weight_filler { type: "xavier" } } }\n'
        'layer { name: "s" type: "Sigmoid" bottom: "c" top: "s" }\n'
        'layer { name: "r" type: "ReLU" bottom: "c" top: "c" }\n'
    )
    net = converter.load(path, seed=0)
    x = torch.randn(1, 2, 5, 5, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        plain = {name: value.clone() for name, value in net(x=x).items()}

    fast = accelerate(net)(x=x)

    assert (plain["s"] < 0.5).any()
    for name, value in plain.items():
        torch.testing.assert_close(fast[name], value)


SUBTRACTION = (
    'input: "in" input_shape { dim: 1 dim: 2 } input: "b/2" input_shape { dim: 1 dim: 2 }\n'
    'layer { name: "s" type: "Eltwise" bottom: "in" bottom: "b/2" top: "y" eltwise_param { coeff: 1 coeff: -1 } }\n'
)


def test_inputs_go_by_caffes_names_in_any_order(tmp_path):
    """Neither name is a Python name of the graph's arguments, and the layer tells its bottoms apart."""
    (tmp_path / "net.prototxt").write_text(SUBTRACTION)
    fast = accelerate(converter.load(tmp_path / "net.prototxt"))
    one, other = torch.tensor([[5.0, 7.0]]), torch.tensor([[1.0, 2.0]])

    assert fast(**{"b/2": other, "in": one})["y"].tolist() == [[4, 5]]
    assert fast(one, **{"b/2": other})["y"].tolist() == [[4, 5]]
    with pytest.raises(ShapeError, match="missing b/2; the net's inputs are in, b/2"):
        fast(one)
    with pytest.raises(ShapeError, match="unknown c"):
        fast(one, other, c=one)


def test_any_other_module_takes_its_inputs_as_its_forward_does():
    class Scaled(torch.nn.Module):
        def forward(self, x, factor, offset=1.0):
            return x * factor + offset

    fast = accelerate(Scaled())
    x, factor = torch.tensor([3.0]), torch.tensor([2.0])

    assert fast(factor=factor, x=x).tolist() == [7]
    assert fast(x, factor=factor).tolist() == [7]
    with pytest.raises(TypeError, match="missing a required argument: 'factor'"):
        fast(x)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda fast: pickle.loads(pickle.dumps(fast))], ids=["copy", "pickle"]
)
def test_a_copy_is_made_fast_anew(copied):
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2)).eval()
    fast, x = accelerate(net), torch.randn(1, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    for _ in range(3):
        wanted = fast(x)
    again = copied(fast)
    with torch.no_grad():
        net[0].weight.zero_()
    for _ in range(3):
        torch.testing.assert_close(again(x), wanted, rtol=1e-6, atol=1e-6)


def test_the_input_is_left_as_it_was():
    x = image_for("dilation7_kitti")
    before = x.clone()
    accelerate(formula_net("dilation7_kitti"))(x)

    assert torch.equal(x, before)


def test_bfloat16_labels_agree_almost_everywhere():
    """Untrained weights leave many near ties; of the confident positions none may change."""
    x = image_for("dilation8_camvid")
    net = formula_net("dilation8_camvid")
    with torch.inference_mode():
        plain = net(x)
    fast = accelerate(net, dtype=torch.bfloat16)(x)
    best = plain.topk(2, dim=1).values
    confident = best[:, 0] - best[:, 1] > 0.1

    assert confident.any()
    assert torch.equal(fast.argmax(1)[confident], plain.argmax(1)[confident])


def test_a_softmax_within_a_bfloat16_net_feeds_the_next_layer(tmp_path):
    (tmp_path / "net.prototxt").write_text(
        'input: "x" input_shape { dim: 1 dim: 2 dim: 4 dim: 4 }\n'
        'layer { name: "s" type: "Softmax" bottom: "x" top: "s" }\n'
        'layer { name: "c" type: "Convolution" bottom: "s" top: "y" convolution_param { num_output: 1 kernel_size: 1\n'
        '  weight_filler { type: "constant" value: 3 } } }\n'
    )
    fast = accelerate(converter.load(tmp_path / "net.prototxt"), dtype=torch.bfloat16)

    torch.testing.assert_close(fast(torch.zeros(1, 2, 4, 4))["y"], torch.full((1, 1, 4, 4), 3.0))  # 3 (1/2 + 1/2)


def test_mapped_weights_survive_being_packed():
    """The pages of the file are handed back to the system after packing; what they held is still there."""
    weights = MINI / "dilation7_kitti_mini.caffemodel"
    before = {name: [blob.copy() for blob in blobs] for name, blobs in converter.read_weights(weights).items()}
    net = converter.load(MINI / "dilation7_kitti_mini.prototxt", weights)
    accelerate(net)(image_for("dilation7_kitti"))

    for name, blobs in before.items():
        for index, blob in enumerate(blobs):
            np.testing.assert_array_equal(net.blob_parameter(name, index).detach().numpy(), blob)


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_on_cuda_the_labels_agree(dtype):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    x = image_for("dilation8_camvid")
    net = formula_net("dilation8_camvid")
    with torch.inference_mode():
        plain = net(x)
    fast = accelerate(net, dtype=dtype, device="cuda")(x).cpu()
    best = plain.topk(2, dim=1).values
    confident = best[:, 0] - best[:, 1] > (1e-4 if dtype == torch.float32 else 0.1)

    assert torch.equal(fast.argmax(1)[confident], plain.argmax(1)[confident])
