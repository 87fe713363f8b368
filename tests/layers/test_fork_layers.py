"""The forks' layers that no golden covers, or not wholly: against loops and hand arithmetic."""

import math

import numpy as np
import pytest
import torch

from converter.errors import ShapeError, UnsupportedParameterError
from tests.layers.one_layer import normal, run


def test_transpose_moves_axes_as_named(build):
    x = normal(2, 3, 4)
    (y,) = run(build, 'type: "Transpose" transpose_param { dim: 2 dim: 0 dim: 1 }', x)
    assert np.array_equal(y, np.transpose(x, (2, 0, 1)))


def test_reverse_turns_one_axis_round(build):
    (y,) = run(build, 'type: "Reverse" reverse_param { axis: -1 }', np.array([[1.0, 2, 3], [4, 5, 6]]))
    assert y.tolist() == [[3, 2, 1], [6, 5, 4]]


def test_crop_center_cuts_both_ends(build):
    body = 'type: "CropCenter" crop_center_param { crop_size: 0 crop_size: 0 crop_size: 1 crop_size: 2 }'
    x = normal(1, 2, 5, 6)
    assert np.array_equal(run(build, body, x)[0], x[:, :, 1:4, 2:4])


def test_crelu_puts_the_negative_part_behind_the_positive(build):
    (y,) = run(build, 'type: "CReLU"', np.array([[[-1.0], [2.0]]]))
    assert y.tolist() == [[[0], [2], [1], [0]]]


def test_shuffle_channel_interleaves_groups(build):
    (y,) = run(build, 'type: "ShuffleChannel" shuffle_channel_param { group: 2 }', np.arange(6.0).reshape(1, 6, 1, 1))
    assert y.ravel().tolist() == [0, 3, 1, 4, 2, 5]


def test_reorg_reversed_undoes_reorg_named_by_the_top(build):
    x = normal(2, 8, 4, 6)
    (small,) = run(build, 'type: "Reorg" reorg_param { stride: 2 }', x)
    (back,) = run(build, 'type: "Reorg" reorg_param { stride: 2 reverse: true }', small.reshape(x.shape))
    assert np.array_equal(back.reshape(x.shape), x)


@pytest.mark.parametrize("kind", ["HoleConvolution", "Convolution"])
def test_a_hole_is_a_dilation(build, kind):
    x = normal(1, 1, 6, 7)
    body = f'type: "{kind}" convolution_param {{ num_output: 1 kernel_size: 2 hole: 3 bias_term: false }}'
    weight = np.array([[1.0, 10], [100, 1000]])
    (y,) = run(build, body, x, parameters=[weight])
    plane = x[0, 0]
    wanted = plane[:3, :4] + 10 * plane[:3, 3:] + 100 * plane[3:, :4] + 1000 * plane[3:, 3:]
    assert np.allclose(y[0, 0], wanted)


def test_a_depthwise_convolution_without_group_keeps_channels_apart(build):
    x = normal(1, 3, 2, 2)
    body = 'type: "ConvolutionDepthwise" convolution_param { num_output: 3 kernel_size: 1 bias_term: false }'
    (y,) = run(build, body, x, parameters=[np.array([2.0, 3, 4])])
    assert np.allclose(y, x * np.array([2.0, 3, 4])[:, None, None])


def test_convolution_depthwise_has_a_kernel_a_channel_whatever_the_file_says(build):
    """As eric612's MnasNet, whose layer of 32 channels says num_output 16 and group 16."""
    x = normal(1, 4, 2, 2)
    body = 'type: "ConvolutionDepthwise" convolution_param { num_output: 2 group: 2 kernel_size: 1 bias_term: false }'
    (y,) = run(build, body, x, parameters=[np.array([2.0, 3, 4, 5])])
    assert np.allclose(y, x * np.array([2.0, 3, 4, 5])[:, None, None])


def test_ceil_mode_false_drops_a_cut_window(build):
    x = np.arange(5.0).reshape(1, 1, 1, 5)
    body = 'type: "Pooling" pooling_param {{ pool: MAX kernel_h: 1 kernel_w: 2 stride: 2 {} }}'
    assert run(build, body.format("ceil_mode: false"), x)[0].ravel().tolist() == [1, 3]
    assert run(build, body.format(""), x)[0].ravel().tolist() == [1, 3, 4]


def test_interp_crops_before_it_resizes(build):
    x = normal(1, 1, 5, 6)
    body = 'type: "Interp" interp_param { pad_beg: -1 pad_end: -2 zoom_factor: 2 }'
    (y,) = run(build, body, x)
    inner = x[0, 0, 1:3, 1:4]
    assert y.shape == (1, 1, 3, 5)
    assert np.allclose(y[0, 0, ::2, ::2], inner)
    assert np.allclose(y[0, 0, 1, 1], inner[:, :2].mean())


def test_relu6_with_a_slope_bends_below_zero_and_ends_at_six(build):
    (y,) = run(build, 'type: "ReLU6" relu6_param { negative_slope: 0.5 }', np.array([[-2.0, 3, 9]]))
    assert y.tolist() == [[-1, 3, 6]]


def test_smooth_l1_weighs_inside_and_outside(build):
    x, target = np.array([[3.0, 0.1], [0.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 0.0]])
    inside, outside = np.array([[1.0, 2.0], [1, 1]]), np.array([[0.5, 4.0], [1, 1]])
    body = 'type: "SmoothL1Loss" smooth_l1_loss_param { sigma: 2 }'
    (loss,) = run(build, body, x, target, inside, outside)
    assert loss == pytest.approx((0.5 * (2 - 0.125) + 4 * 0.5 * 4 * 0.2**2) / 2)


def psroi_by_hand(x: np.ndarray, region: np.ndarray, scale: float, outputs: int, group: int) -> np.ndarray:
    picture, corners = int(region[0]), [math.floor(value + 0.5) for value in region[1:]]
    left, top, right, bottom = (
        corners[0] * scale,
        corners[1] * scale,
        (corners[2] + 1) * scale,
        (corners[3] + 1) * scale,
    )
    high, wide = max(bottom - top, 0.1) / group, max(right - left, 0.1) / group
    answer = np.zeros((outputs, group, group))
    for d in range(outputs):
        for i in range(group):
            for j in range(group):
                rows = range(max(math.floor(i * high + top), 0), min(math.ceil((i + 1) * high + top), x.shape[2]))
                columns = range(max(math.floor(j * wide + left), 0), min(math.ceil((j + 1) * wide + left), x.shape[3]))
                values = [x[picture, (d * group + i) * group + j, r, c] for r in rows for c in columns]
                answer[d, i, j] = np.mean(values) if values else 0
    return answer


def test_psroi_pooling_averages_each_cell_over_its_own_channel(build):
    x = normal(2, 2 * 9, 8, 10)
    regions = np.array([[1, 4.5, 2, 60, 40], [0, 10, 10, 10, 10], [1, 100, 0, 200, 300], [0, -8, 3.4, 33, 77]])
    body = 'type: "PSROIPooling" psroi_pooling_param { spatial_scale: 0.125 output_dim: 2 group_size: 3 }'
    (y,) = run(build, body, x, regions)
    assert np.allclose(y, [psroi_by_hand(x, region, 0.125, 2, 3) for region in regions])


def test_roi_pooling_sends_the_gradient_to_the_first_of_equal_maxima(build):
    body = 'type: "ROIPooling" bottom: "x" bottom: "r" top: "y" roi_pooling_param { pooled_h: 1 pooled_w: 1 }'
    x = torch.ones(1, 1, 2, 2, requires_grad=True)
    net = build(body, {"x": (1, 1, 2, 2), "r": (1, 5)})
    net.blobs(x=x, r=torch.tensor([[0.0, 0, 0, 1, 1]]))["y"].sum().backward()
    assert x.grad.flatten().tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        ("MAX", [[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]]),
        ("AVE", [[0.25, 0.25, 0.5, 0.5], [0.25, 0.25, 0.5, 0.5], [0.75, 0.75, 1, 1], [0.75, 0.75, 1, 1]]),
        ("TILE", [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]),
    ],
)
def test_unpooling_without_a_mask(build, method, wanted):
    body = f'type: "Unpooling" unpooling_param {{ unpool: {method} kernel_size: 2 stride: 2 unpool_size: 4 }}'
    assert run(build, body, np.array([[[[1.0, 2], [3, 4]]]]))[0][0, 0].tolist() == wanted


def test_unpooling_by_mask_puts_values_back(build):
    body = 'type: "Unpooling" unpooling_param { kernel_size: 2 stride: 2 unpool_h: 1 unpool_w: 4 }'
    x, mask = np.array([[[[5.0, 7.0]]]]), np.array([[[[1.0, 2.0]]]])
    assert run(build, body, x, mask)[0].ravel().tolist() == [0, 5, 7, 0]


def test_upsample_refuses_a_mask_of_another_size(build):
    x, mask = np.ones((1, 1, 1, 2)), np.array([[[[0.0, 9.0]]]])
    with pytest.raises(ShapeError, match="another size"):
        run(build, 'type: "Upsample" upsample_param { scale: 2 }', x, mask)


def test_upsample_by_mask_takes_odd_sizes_from_pad_out(build):
    body = 'type: "Upsample" upsample_param { scale_h: 2 scale_w: 2 pad_out_h: true pad_out_w: true }'
    x, mask = np.array([[[[1.0, 2], [3, 4]]]]), np.array([[[[0.0, 2], [6, 8]]]])
    assert run(build, body, x, mask)[0].ravel().tolist() == [1, 0, 2, 0, 0, 0, 3, 0, 4]


def test_segnets_bn_learns_from_the_batch_in_both_phases(build):
    x = normal(2, 3, 4, 5)
    body = 'type: "BN" bn_param { scale_filler { value: 2 } shift_filler { value: 1 } }'
    mean, variance = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
    for phase in ("test", "train"):
        y, first, second = run(build, body, x, tops=3, phase=phase)
        assert np.allclose(y, 2 * (x - mean) / np.sqrt(variance) + 1)
        assert np.allclose(first, mean) and np.allclose(second, variance)


def test_the_running_bn_takes_in_a_tenth_of_each_batch(build):
    x = normal(2, 1, 4, 5)
    body = 'type: "BN" bottom: "x" top: "y" bn_param { slope_filler { value: 1 } bias_filler { value: 0 } }'
    net = build(body, {"x": x.shape}, phase="train").double()
    net.blobs(x=torch.tensor(x))
    assert net.blob_parameter("it", 2).item() == pytest.approx(0.1 * x.mean())
    assert net.blob_parameter("it", 3).item() == pytest.approx(0.1 * x.var())
    y = net.eval().blobs(x=torch.tensor(x))["y"]
    assert np.allclose(y.detach().numpy(), (x - 0.1 * x.mean()) / np.sqrt(0.1 * x.var() + 1e-5))


def test_a_frozen_bn_neither_learns_nor_drifts_in_training(build):
    body = 'type: "BN" bottom: "x" top: "y" bn_param { slope_filler { value: 3 } frozen: true }'
    net = build(body, {"x": (1, 1, 1, 2)}, phase="train").double()
    net.blob_parameter("it", 3).fill_(1)
    y = net.blobs(x=torch.tensor([[[[1.0, 2.0]]]], dtype=torch.float64, requires_grad=True))["y"]
    y.sum().backward()
    assert y.flatten().tolist() == pytest.approx([3, 6], rel=1e-4)
    assert net.blob_parameter("it", 0).grad is None
    assert net.blob_parameter("it", 2).item() == 0


@pytest.mark.parametrize(("blobs", "statistics"), [(2, False), (4, True)])
def test_a_bn_without_fields_is_told_by_the_blobs_of_the_weights_file(blobs, statistics):
    from converter.formats.prototxt.parser import parse_prototxt
    from converter.net.net import build_net
    from converter.plan.plan import build_plan

    text = (
        'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 dim: 3 dim: 3 } } }'
        'layer { name: "it" type: "BN" bottom: "x" top: "y" }'
    )
    plan = build_plan(build_net(parse_prototxt(text)), stored_blobs={"it": blobs})
    assert len(plan.step("it").operator.blobs) == blobs
    assert plan.step("it").operator.running is statistics


def test_c3ds_layers_slide_over_time_too(build):
    x = normal(1, 1, 3, 5, 5)
    shape = "{ dim: 1 dim: 2 dim: 2 }"
    body = f'type: "NdPooling" pooling_param {{ pool: MAX kernel_shape {shape} stride_shape {shape} }}'
    (y,) = run(build, body, x)
    assert y.shape == (1, 1, 3, 3, 3)
    assert y[0, 0, 1, 0, 2] == x[0, 0, 1, :2, 4:].max()
    fields = "num_output: 1 bias_term: false kernel_shape { dim: 2 dim: 1 dim: 1 }"
    body = f'type: "NdConvolution" convolution_param {{ {fields} }}'
    (y,) = run(build, body, x, parameters=[np.array([1.0, -1.0])])
    assert np.allclose(y[0, 0], x[0, 0, :-1] - x[0, 0, 1:])


def test_a_prior_box_takes_its_variances_and_sizes_from_the_file(build):
    body = (
        'type: "PriorBox" prior_box_param { min_size: 4 img_h: 20 img_w: 40 step_h: 10 step_w: 20 offset: 0 '
        "variance: 0.1 variance: 0.2 variance: 0.3 variance: 0.4 }"
    )
    (y,) = run(build, body, np.zeros((1, 1, 1, 2)))
    assert np.allclose(y[0, 0], [-0.05, -0.1, 0.05, 0.1, 0.45, -0.1, 0.55, 0.1])
    assert np.allclose(y[0, 1], [0.1, 0.2, 0.3, 0.4] * 2)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ('type: "Permute" permute_param { order: 4 }', "order"),
        ('type: "ShuffleChannel" shuffle_channel_param { group: 3 }', "group"),
        ('type: "Reorg" reorg_param { stride: 3 }', "stride"),
        ('type: "Interp" interp_param { zoom_factor: 2 height: 3 width: 3 }', "height"),
        ('type: "CropCenter" crop_center_param { crop_size: 1 }', "crop_size"),
        ('type: "PriorBox" prior_box_param { min_size: 4 img_size: 9 max_size: 3 }', "max_size"),
        ('type: "PriorBox" prior_box_param { min_size: inf img_size: 9 }', "min_size"),
        ('type: "PriorBox" prior_box_param { min_size: 1e400 img_size: 9 }', "min_size"),
        ('type: "PriorBox" prior_box_param { min_size: 4 img_size: 9 max_size: inf }', "max_size"),
        ('type: "PriorBox" prior_box_param { min_size: 4 img_size: 9 aspect_ratio: inf }', "aspect_ratio"),
    ],
)
def test_what_a_fork_would_refuse_is_refused_by_name(build, body, word):
    with pytest.raises(UnsupportedParameterError, match=word):
        build(f'{body} bottom: "x" top: "y"', {"x": (1, 4, 5, 5)})
