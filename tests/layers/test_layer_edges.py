"""Where layers meet their edges: ties, bounds, empty selections, hand-made values that no golden holds."""

import numpy as np
import pytest
import torch

import converter
from converter.errors import CaffemodelError, ShapeError, UnsupportedParameterError
from converter.plan.plan import build_plan


def one(build, body: str, values: list[float], shape: tuple[int, ...] | None = None) -> tuple[list[float], list[float]]:
    """Top and gradient (for a top gradient of ones) of a layer with the bottom x and the top y."""
    x = torch.tensor(values, dtype=torch.float64).reshape(shape or (1, len(values))).requires_grad_()
    y = build(f'{body} bottom: "x" top: "y"', {"x": tuple(x.shape)}).double().blobs(x=x)["y"]
    y.sum().backward()
    return y.flatten().tolist(), x.grad.flatten().tolist()


def test_the_gradient_of_a_magnitude_at_zero_is_zero(build):
    assert one(build, 'type: "AbsVal"', [-2, 0, 3]) == ([2, 0, 3], [-1, 0, 1])


def test_clip_passes_the_gradient_on_its_bounds_and_not_beyond(build):
    body = 'type: "Clip" clip_param { min: -1 max: 2 }'
    assert one(build, body, [-1.5, -1, 0, 2, 2.5]) == ([-1, -1, 0, 2, 2], [0, 1, 1, 1, 0])


def test_prelu_at_zero_has_the_slope_for_a_gradient(build):
    body = 'type: "PReLU" prelu_param { filler { value: 0.5 } channel_shared: true }'
    assert one(build, body, [-2, 0, 3]) == ([-1, 0, 3], [0.5, 0.5, 1])


def test_elu_at_zero_has_alpha_for_a_gradient(build):
    y, gradient = one(build, 'type: "ELU" elu_param { alpha: 2 }', [0, 1])
    assert (y, gradient) == ([0, 1], [2, 1])


def test_bnll_neither_overflows_nor_loses_its_gradient(build):
    y, gradient = one(build, 'type: "BNLL"', [-800, 0, 800])
    assert y == pytest.approx([0, np.log(2), 800])
    assert gradient == pytest.approx([0, 0.5, 1])


@pytest.mark.parametrize(("power", "wanted"), [("power: 0 shift: 7", 1), ("power: 3 scale: 0 shift: 2", 8)])
def test_a_power_without_its_line_is_a_constant_without_gradient(build, power, wanted):
    x = torch.ones(1, 3, requires_grad=True)
    y = build(f'type: "Power" bottom: "x" top: "y" power_param {{ {power} }}', {"x": (1, 3)}).blobs(x=x)["y"]
    assert y.tolist() == [[wanted] * 3]
    assert not y.requires_grad


@pytest.mark.parametrize("base", ["0", "-2"])
def test_a_base_that_has_no_logarithm_is_refused(build, base):
    with pytest.raises(UnsupportedParameterError, match="base is"):
        build(f'type: "Exp" bottom: "x" top: "y" exp_param {{ base: {base} }}', {"x": (1, 3)})


def test_base_one_has_no_logarithm_to_it(build):
    with pytest.raises(UnsupportedParameterError, match="base is 1"):
        build('type: "Log" bottom: "x" top: "y" log_param { base: 1 }', {"x": (1, 3)})


def test_of_equal_values_argmax_takes_the_one_further_back(build):
    assert build('type: "ArgMax" bottom: "x" top: "y"', {"x": (1, 4)}).blobs(x=torch.tensor([[5.0, 9, 9, 1]]))[
        "y"
    ].tolist() == [[[2]]]
    ranked = build('type: "ArgMax" bottom: "x" top: "y" argmax_param { axis: 1 top_k: 3 }', {"x": (1, 4)})
    assert ranked.blobs(x=torch.tensor([[5.0, 9, 9, 5]]))["y"].tolist() == [[2, 1, 3]]


def test_a_constant_plane_normalised_by_mvn_has_a_finite_gradient(build):
    x = torch.full((1, 1, 2, 2), 3.0, requires_grad=True)
    net = build('type: "MVN" bottom: "x" top: "y" mvn_param { eps: 0.5 }', {"x": (1, 1, 2, 2)})
    seed = torch.tensor([[[[1.0, 2], [3, 6]]]])
    (net.blobs(x=x)["y"] * seed).sum().backward()
    assert x.grad.flatten().tolist() == [-4, -2, 0, 6]


def test_a_dissimilar_pair_has_caffes_own_slope(build):
    # d = 0.5, margin 1: loss (1 - 0.5)² / 2; Caffe's slope is -(margin - d) / (d + 1e-4) times the difference.
    a = torch.tensor([[0.3, 0.4]], dtype=torch.float64, requires_grad=True)
    inputs = {"a": (1, 2), "b": (1, 2), "label": (1,)}
    net = build('type: "ContrastiveLoss" bottom: "a" bottom: "b" bottom: "label" top: "y"', inputs)
    loss = net.blobs(a=a, b=torch.zeros(1, 2).double(), label=torch.zeros(1).double())["y"]
    loss.backward()
    assert loss.item() == pytest.approx(0.125)
    assert a.grad.tolist()[0] == pytest.approx([-0.3 * 0.5 / 0.5001, -0.4 * 0.5 / 0.5001], rel=1e-12)


def test_equal_dissimilar_vectors_have_gradient_zero_and_not_nan(build):
    a = torch.ones(1, 2, requires_grad=True)
    inputs = {"a": (1, 2), "b": (1, 2), "label": (1,)}
    net = build('type: "ContrastiveLoss" bottom: "a" bottom: "b" bottom: "label" top: "y"', inputs)
    net.blobs(a=a, b=torch.ones(1, 2), label=torch.zeros(1))["y"].backward()
    assert a.grad.tolist() == [[0, 0]]


def test_on_the_margin_the_hinge_has_no_gradient(build):
    x = torch.tensor([[1.0, -1.0, 0.0]], requires_grad=True)
    net = build('type: "HingeLoss" bottom: "x" bottom: "label" top: "y"', {"x": (1, 3), "label": (1,)})
    loss = net.blobs(x=x, label=torch.zeros(1))["y"]
    loss.backward()
    assert (loss.item(), x.grad.tolist()) == (1, [[0, 0, 1]])


def test_a_vanishing_probability_is_held_but_keeps_its_gradient(build):
    x = torch.tensor([[1e-30, 1.0]], dtype=torch.float64, requires_grad=True)
    inputs = {"x": (1, 2), "label": (1,)}
    net = build('type: "MultinomialLogisticLoss" bottom: "x" bottom: "label" top: "y"', inputs)
    loss = net.blobs(x=x, label=torch.zeros(1))["y"]
    loss.backward()
    assert loss.item() == pytest.approx(-np.log(1e-20))
    assert x.grad.tolist()[0] == pytest.approx([-1e20, 0])


def test_the_infogain_gradient_is_probability_times_row_minus_row(build):
    x = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    inputs = {"x": (1, 2), "label": (1,), "h": (1, 1, 2, 2)}
    net = build('type: "InfogainLoss" bottom: "x" bottom: "label" bottom: "h" top: "y"', inputs)
    matrix = torch.tensor([1.0, 2, 3, 5]).double().reshape(1, 1, 2, 2)
    loss = net.blobs(x=x, label=torch.ones(1).double(), h=matrix)["y"]
    loss.backward()
    assert loss.item() == pytest.approx(8 * np.log(2))
    assert x.grad.tolist()[0] == pytest.approx([0.5 * 8 - 3, 0.5 * 8 - 5])


def test_an_infogain_matrix_is_read_from_its_file_beside_the_prototxt(build, tmp_path):
    body = 'type: "InfogainLoss" bottom: "x" bottom: "label" top: "y" infogain_loss_param { source: "h.npy" }'
    shapes = {"x": (1, 2), "label": (1,)}
    with pytest.raises(CaffemodelError, match=r"h\.npy"):
        build(body, shapes)
    np.save(tmp_path / "h.npy", np.array([[[1, 2], [3, 5]]], np.float32))
    assert build(body, shapes).blobs(x=torch.zeros(1, 2), label=torch.ones(1))["y"].item() == pytest.approx(
        8 * np.log(2)
    )


def test_sigmoid_cross_entropy_leaves_ignored_targets_out_of_loss_and_divisor(build):
    body = 'type: "SigmoidCrossEntropyLoss" bottom: "x" bottom: "t" top: "y" '
    body += "loss_param { ignore_label: -1 normalization: VALID }"
    x = torch.tensor([[0.0, 4, 0]], requires_grad=True)
    loss = build(body, {"x": (1, 3), "t": (1, 3)}).blobs(x=x, t=torch.tensor([[1.0, -1, 0]]))["y"]
    loss.backward()
    assert loss.item() == pytest.approx(np.log(2))
    assert x.grad.tolist() == [[-0.25, 0, 0.25]]


def test_an_embedding_gathers_the_gradients_of_repeated_rows(build):
    body = 'type: "Embed" bottom: "x" top: "y" embed_param { num_output: 2 input_dim: 3 }'
    net = build(body, {"x": (3,)})
    net.blobs(x=torch.tensor([2.0, 0, 2]))["y"].sum().backward()
    assert net.blob_parameter("it", 0).grad.tolist() == [[1, 1], [0, 0], [2, 2]]
    assert net.blob_parameter("it", 1).grad.tolist() == [3, 3]


@pytest.mark.parametrize("body", ['type: "Embed" embed_param { num_output: 2 input_dim: 3 }', 'type: "BatchReindex"'])
def test_a_number_outside_the_table_is_refused(build, body):
    inputs = {"x": (1,)} if "Embed" in body else {"table": (3, 2), "x": (1,)}
    bottoms = " ".join(f'bottom: "{name}"' for name in inputs)
    net = build(f'{body} {bottoms} top: "y"', inputs)
    fed = {name: torch.zeros(shape) for name, shape in inputs.items()} | {"x": torch.tensor([3.0])}
    with pytest.raises(ShapeError, match="expected 0 to 2"):
        net.blobs(**fed)


def test_batch_reindex_adds_the_gradients_of_repeated_items(build):
    x = torch.zeros(3, 1, requires_grad=True)
    net = build('type: "BatchReindex" bottom: "x" bottom: "i" top: "y"', {"x": (3, 1), "i": (4,)})
    y = net.blobs(x=x, i=torch.tensor([2.0, 2, 0, 2]))["y"]
    (y * torch.tensor([[1.0], [2], [4], [8]])).sum().backward()
    assert x.grad.flatten().tolist() == [4, 0, 11]


def test_a_filter_that_keeps_nothing_gives_an_empty_top_and_gradient_zero(build):
    x = torch.ones(3, 2, requires_grad=True)
    net = build('type: "Filter" bottom: "x" bottom: "s" top: "y"', {"x": (3, 2), "s": (3, 1)})
    y = net.blobs(x=x, s=torch.zeros(3, 1))["y"]
    y.sum().backward()
    assert (tuple(y.shape), x.grad.abs().sum().item()) == ((0, 2), 0)


def test_im2col_of_one_spatial_axis_lays_windows_out_as_channels(build):
    body = 'type: "Im2col" bottom: "x" top: "y" convolution_param { kernel_size: 2 stride: 2 pad: 1 }'
    y = build(body, {"x": (1, 2, 4)}).blobs(x=torch.arange(1.0, 9).reshape(1, 2, 4))["y"]
    assert y.tolist() == [[[0, 2, 4], [1, 3, 0], [0, 6, 8], [5, 7, 0]]]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('type: "Reshape" reshape_param { shape { dim: 0 dim: -1 } }', (2, 60)),
        ('type: "Reshape" reshape_param { axis: -1 num_axes: 0 shape { dim: 1 } }', (2, 3, 4, 5, 1)),
        ('type: "Reshape" reshape_param { axis: 1 num_axes: 2 shape { dim: 2 dim: 6 } }', (2, 2, 6, 5)),
        ('type: "Flatten" flatten_param { axis: 1 end_axis: -2 }', (2, 12, 5)),
        ('type: "Flatten" flatten_param { axis: -2 }', (2, 3, 20)),
        ('type: "Tile" tile_param { axis: -1 tiles: 2 }', (2, 3, 4, 10)),
        ('type: "Reduction" reduction_param { axis: -1 operation: MEAN }', (2, 3, 4)),
    ],
)
def test_axes_may_be_counted_from_behind(build, body, wanted):
    net = build(f'{body} bottom: "x" top: "y"', {"x": (2, 3, 4, 5)})
    assert net.plan.shapes["y"] == wanted
    assert tuple(net.blobs(x=torch.zeros(2, 3, 4, 5))["y"].shape) == wanted


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ('type: "Reshape" top: "y" reshape_param { shape { dim: 7 dim: -1 } }', "cannot become"),
        ('type: "Reshape" top: "y" reshape_param { shape { dim: -1 dim: -1 } }', "at most once"),
        ('type: "Slice" top: "y" top: "z" slice_param { axis: 1 }', "cannot be cut into 2 equal parts"),
        ('type: "Slice" top: "y" top: "z" slice_param { slice_point: 3 }', "rising points"),
        ('type: "Slice" top: "y" top: "z" slice_param { slice_point: 1 slice_point: 2 }', "expected 1, or none"),
        ('type: "ArgMax" top: "y" argmax_param { top_k: 99 }', "expected 1 to 60"),
        ('type: "SPP" top: "y" spp_param { pyramid_height: 4 }', "cannot be cut into 4 x 4 bins"),
        ('type: "Tile" top: "y" tile_param { tiles: 0 }', "expected at least 1"),
    ],
)
def test_what_cannot_be_is_refused_when_the_net_is_built(build, body, what):
    with pytest.raises((ShapeError, UnsupportedParameterError), match=what):
        build(f'{body} bottom: "x"', {"x": (2, 3, 4, 5)})


def test_the_same_module_takes_other_sizes(build):
    net = build('type: "SPP" bottom: "x" top: "y" spp_param { pyramid_height: 2 pool: AVE }', {"x": (1, 2, 8, 8)})
    assert net.blobs(x=torch.ones(3, 2, 5, 7))["y"].shape == (3, 10)
    net = build('type: "Reshape" bottom: "x" top: "y" reshape_param { shape { dim: 0 dim: -1 } }', {"x": (1, 2, 8, 8)})
    assert net.blobs(x=torch.ones(3, 2, 5, 7))["y"].shape == (3, 70)


def test_layers_that_look_things_up_can_be_exported(build):
    net = build('type: "HingeLoss" bottom: "x" bottom: "label" top: "y"', {"x": (2, 3), "label": (2,)}).eval()
    fed = {"x": torch.tensor([[1.0, -1, 0.5], [0, 0, 3]]), "label": torch.tensor([0.0, 2])}
    exported = torch.export.export(net, (), kwargs=fed).module()
    assert exported(**fed)["y"].item() == net(**fed)["y"].item() == pytest.approx((1.5 + 2) / 2)


@pytest.mark.parametrize(("pad", "sizes"), [("pad_h: 1 pad_w: 0", (2, 2)), ("pad: 0", (2, 3))])
def test_a_last_window_past_the_image_is_dropped_where_an_axis_is_padded(build, tmp_path, pad, sizes):
    """Rows: ceil((4 + 2 - 2) / 3) + 1 = 3, the last at 6 >= 4 + 1; columns: ceil((5 - 2) / 3) + 1 = 2, at 3 < 5.

    Unpadded, rows are ceil((4 - 2) / 3) + 1 = 2. Columns of 7: ceil((7 - 2) / 3) + 1 = 3, the last at 6 < 7.
    """
    width = 5 if "pad_w" in pad else 7
    body = f'type: "Pooling" pooling_param {{ kernel_size: 2 stride: 3 {pad} }} bottom: "x" top: "y"'
    build(body, {"x": (1, 1, 4, width)})
    assert build_plan(converter.read_net(tmp_path / "net.prototxt")).shapes["y"] == (1, 1, *sizes)
