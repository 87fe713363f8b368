"""A fresh context module against the paper's equations 4 and 5, and its receptive fields against table 1."""

import numpy as np
import pytest
import torch

import converter
from converter.dilatednet import ZOO, Context, DilatedNet, Topology
from tests.formula_weights import formula_blob, formula_image


def make_context(kind: str, classes: int = 3, noise: float | None = None) -> Context:
    return Context(Topology(classes, kind, padding="once" if kind == "large" else "each"), noise)


def rounding(kind: str, dtype: torch.dtype) -> float:
    """Relative error that the sums of a fresh context may have: Basic adds one part, Large up to 32 in five layers."""
    return 0.0 if kind == "basic" else 5 * 32 * torch.finfo(dtype).eps / 2


def is_the_positive_part(y, x, kind):
    return torch.allclose(y, x.clamp(min=0), rtol=rounding(kind, x.dtype), atol=0)


@pytest.mark.parametrize("kind", ["basic", "large"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_fresh_context_answers_the_positive_part(kind, dtype):
    x = (torch.from_numpy(formula_image(11, 14)) / 7).to(dtype)[None]
    with torch.inference_mode():
        assert is_the_positive_part(make_context(kind).to(dtype)(x), x, kind)


@pytest.mark.parametrize("kind", ["basic", "large"])
@pytest.mark.parametrize("learning", [False, True])
def test_it_does_so_on_vocs_own_maps_while_learning_and_not(kind, learning):
    """21 classes on 66 x 66 cells."""
    x = torch.from_numpy(np.random.default_rng(2).normal(0, 9, (1, 21, 66, 66)).astype(np.float32))
    module = make_context(kind, 21).train(learning)
    with torch.set_grad_enabled(learning):
        assert is_the_positive_part(module(x), x, kind)


def test_a_caffe_net_with_identity_fillers_is_the_identity_on_large_maps(tmp_path):
    """Layer 7's shape on VOC's maps from a prototxt: 672 channels that each hold a 32nd."""
    layers = ""
    for name, bottom, outputs in (("a", "data", 672), ("b", "a", 672), ("c", "b", 21)):
        filler = 'weight_filler { type: "identity" num_groups: 21 }'
        window = "kernel_size: 3 pad: 1" if name != "c" else "kernel_size: 1"
        text = f"convolution_param {{ num_output: {outputs} {window} {filler} }}"
        layers += f'layer {{ name: "{name}" type: "Convolution" bottom: "{bottom}" top: "{name}" {text} }}\n'
    path = tmp_path / "net.prototxt"
    path.write_text(f'input: "data" input_shape {{ dim: 1 dim: 21 dim: 66 dim: 66 }}\n{layers}')
    x = torch.from_numpy(np.random.default_rng(4).normal(0, 9, (1, 21, 66, 66)).astype(np.float32))
    with torch.inference_mode():
        assert torch.allclose(converter.load(path)(data=x)["c"], x, rtol=rounding("large", x.dtype), atol=0)


@pytest.mark.parametrize("kind", ["basic", "large"])
def test_a_fresh_net_has_a_context_that_hands_the_front_end_on(kind):
    torch.manual_seed(3)
    net = DilatedNet(5, kind, width=2, fc_width=8, padding="once" if kind == "large" else "each").eval()
    x = torch.from_numpy(formula_image(404, 388))[None]
    with torch.inference_mode():
        features, logits = net.features(x), net.logits(x)
    assert float(features.max()) > 0
    assert is_the_positive_part(logits, features, kind)


def test_a_fresh_context_weighs_channels_as_equation_5_says():
    classes, widths = 3, [3, 6, 6, 12, 24, 48, 96, 96, 3]
    convolutions = [layer for layer in make_context("large") if isinstance(layer, torch.nn.Conv2d)]
    for layer, before, after in zip(convolutions, widths[:-1], widths[1:], strict=True):
        expected = np.zeros(layer.weight.shape, np.float32)
        centre = layer.kernel_size[0] // 2
        for b in range(after):
            for a in range(before):
                if a * classes // before == b * classes // after:
                    expected[b, a, centre, centre] = classes / after
        assert np.array_equal(layer.weight.detach().numpy(), expected)
        assert not layer.bias.any()


def test_noise_shrinks_with_a_layers_width_and_repeats_with_the_seed():
    torch.manual_seed(5)
    first = make_context("large", 8, noise=0.01)
    torch.manual_seed(5)
    second = make_context("large", 8, noise=0.01)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    for name, multiple in (("ctx_conv1_2", 2), ("ctx_fc1", 32), ("ctx_final", 1)):
        weight = first.get_submodule(name).weight.detach()
        free = weight[:, :, 0, 0] if weight.shape[2] == 3 else weight[1:, : weight.shape[1] // 8, 0, 0]
        assert float(free.std()) == pytest.approx(0.01 / multiple, rel=0.35)


def test_context_layers_see_the_papers_receptive_fields():
    for count, expected in enumerate((3, 5, 9, 17, 33, 65, 67, 67), 1):
        layers = [layer for layer in make_context("basic", 1) if isinstance(layer, torch.nn.Conv2d)][:count]
        x = torch.zeros(1, 1, 141, 141, requires_grad=True)
        y = x
        for layer in layers:
            torch.nn.init.ones_(layer.weight)
            y = layer(y)
        y[0, 0, 70, 70].backward()
        assert x.grad is not None
        rows = torch.nonzero(x.grad[0, 0].any(dim=1)).ravel()
        assert int(rows[-1] - rows[0]) + 1 == expected


def test_one_pad_and_a_pad_per_layer_agree_inside_and_differ_at_the_border():
    once, each = (Context(Topology(2, "basic", padding=padding)) for padding in ("once", "each"))
    for name, layer in once.named_modules():
        if isinstance(layer, torch.nn.Conv2d):
            blob = torch.from_numpy(formula_blob(name, 0, tuple(layer.weight.shape))).abs()
            layer.weight.data, each.get_submodule(name).weight.data = blob, blob
            layer.bias.data += 0.1
            each.get_submodule(name).bias.data += 0.1
    x = torch.from_numpy(formula_image(75, 75))[:2][None]
    with torch.inference_mode():
        a, b = once(x), each(x)
    assert a.shape == b.shape == x.shape
    assert torch.allclose(a[..., 37, 37], b[..., 37, 37], rtol=1e-4)
    assert not torch.allclose(a[..., 0, 0], b[..., 0, 0], rtol=1e-2)


def test_upsampling_starts_bilinear_and_stays_fixed():
    net = DilatedNet.of(ZOO["dilation10_cityscapes"].with_width(1, 1).topology)
    kernel = net.get_submodule("ctx_upsample").weight
    assert not kernel.requires_grad
    assert kernel[7, 0, 0, :3].tolist() == [1 / 256, 3 / 256, 5 / 256]
    assert kernel[18, 0, 7, 8].item() == (15 / 16) ** 2
