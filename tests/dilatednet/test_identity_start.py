"""A fresh context module against the paper's equations 4 and 5, and its receptive fields against table 1."""

import numpy as np
import pytest
import torch

from converter.dilatednet import ZOO, Context, DilatedNet, Topology
from tests.formula_weights import formula_blob, formula_image


def make_context(kind: str, classes: int = 3, noise: float | None = None) -> Context:
    return Context(Topology(classes, kind, padding="once" if kind == "large" else "each"), noise)


@pytest.mark.parametrize("kind", ["basic", "large"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_fresh_context_answers_the_positive_part_exactly(kind, dtype):
    """Large adds 32 equal parts, which takes 5 bits more than float32 has: float64 sums have them."""
    x = (torch.from_numpy(formula_image(11, 14)) / 7).to(dtype)
    with torch.inference_mode():
        assert torch.equal(make_context(kind).to(dtype)(x[None]), x.clamp(min=0)[None])


@pytest.mark.parametrize("kind", ["basic", "large"])
def test_a_fresh_net_has_a_context_that_hands_the_front_end_on(kind):
    torch.manual_seed(3)
    net = DilatedNet(5, kind, width=2, fc_width=8, padding="once" if kind == "large" else "each").eval()
    x = torch.from_numpy(formula_image(404, 388))[None]
    with torch.inference_mode():
        features, logits = net.features(x), net.logits(x)
    assert float(features.max()) > 0
    assert torch.equal(logits, features.clamp(min=0))


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
    net = DilatedNet.of(ZOO["dilation10_cityscapes"].narrowed(1, 1).topology)
    kernel = net.get_submodule("ctx_upsample").weight
    assert not kernel.requires_grad
    assert kernel[7, 0, 0, :3].tolist() == [1 / 256, 3 / 256, 5 / 256]
    assert kernel[18, 0, 7, 8].item() == (15 / 16) ** 2
