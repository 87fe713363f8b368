"""FlowNet2's layers by hand arithmetic from the formulas of lmb-freiburg/flownet2 (src/caffe/layers/*.cu)."""

import math

import numpy as np
import pytest
import torch

import converter
import reference
from converter.errors import ConversionError, ShapeError, UnsupportedParameterError
from tests.layers.one_layer import normal, run

NAN = float("nan")


def gradients(build, body: str, *bottoms) -> tuple[float, list[list[float]]]:
    """The sum of a layer's top y and its gradients, flat, of bottoms x0, x1, …"""
    fed = {f"x{i}": torch.tensor(x, dtype=torch.float64, requires_grad=True) for i, x in enumerate(bottoms)}
    wires = " ".join(f'bottom: "{name}"' for name in fed)
    net = build(f'{body} {wires} top: "y"', {name: tuple(x.shape) for name, x in fed.items()}).double()
    total = net.blobs(**fed)["y"].sum()
    total.backward()
    return total.item(), [x.grad.flatten().tolist() for x in fed.values()]


def test_correlation_has_a_channel_for_each_displacement_rows_first(build):
    """The pixel (1, 1) of a 3x3 map, 2 everywhere, times each of its nine neighbors 1 to 9."""
    body = 'type: "Correlation" correlation_param { kernel_size: 1 max_displacement: 1 }'
    (y,) = run(build, body, np.full((1, 1, 3, 3), 2.0), np.arange(1.0, 10).reshape(1, 1, 3, 3))
    assert y.shape == (1, 9, 1, 1)
    assert y.ravel().tolist() == [2, 4, 6, 8, 10, 12, 14, 16, 18]


def test_correlation_averages_over_channels_and_patch(build):
    """Means of 2 x 9 products: channel 0 gives 1 x (1 + … + 9) = 45, channel 1 2 x 45; 135 / 18 = 7.5."""
    body = 'type: "Correlation" correlation_param { kernel_size: 3 max_displacement: 0 }'
    first = np.stack([np.ones((3, 3)), np.full((3, 3), 2.0)])[None]
    second = np.broadcast_to(np.arange(1.0, 10).reshape(3, 3), (1, 2, 3, 3))
    assert run(build, body, first, second)[0].item() == 7.5
    assert run(build, f"{body[:-1]} correlation_type: SUBTRACT }}", first, second)[0].item() == pytest.approx(
        (sum(range(9)) + 1 + sum(range(8))) / 18
    )


def test_correlation_of_flownet2_has_the_size_of_its_maps_and_441_channels(build):
    body = 'type: "Correlation" correlation_param { pad: 20 kernel_size: 1 max_displacement: 20 stride_2: 2 }'
    x = normal(1, 2, 6, 5)
    (y,) = run(build, body, x, x)
    assert y.shape == (1, 441, 6, 5)
    assert np.allclose(y[:, 220], (x * x).mean(axis=1))
    assert np.allclose(y[:, 221, :, :3], (x[..., :3] * x[..., 2:]).mean(axis=1))


def test_correlation_1d_to_the_left_ends_one_beside_the_pixel(build):
    """single_direction -1 with r = 1: displacements -2 and -1; 1 is right of 0, 2 of 1."""
    body = 'type: "Correlation1D" correlation_param { pad: 1 kernel_size: 1 max_displacement: 1 single_direction: -1 }'
    (y,) = run(build, body, np.ones((1, 1, 1, 3)), np.array([[[[1.0, 2, 3]]]]))
    assert y[0, :, 0].tolist() == [[0, 0, 1], [0, 1, 2]]
    (y,) = run(build, body.replace("-1 }", "1 }"), np.ones((1, 1, 1, 3)), np.array([[[[1.0, 2, 3]]]]))
    assert y[0, :, 0].tolist() == [[1, 2, 3], [2, 3, 0]]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("kernel_size: 2 max_displacement: 1", "odd number"),
        ("kernel_size: 1 max_displacement: 1 stride_2: 0", "at least 1"),
        ("kernel_size: 1 max_displacement: 9", "no room"),
        ("kernel_size: 1 max_displacement: 1 correlation_type: SQUARE", "one of MULTIPLY, SUBTRACT"),
    ],
)
def test_a_correlation_that_cannot_be_is_refused(build, fields, words):
    with pytest.raises(ConversionError, match=words):
        run(build, f'type: "Correlation" correlation_param {{ {fields} }}', normal(1, 1, 4, 4), normal(1, 1, 4, 4))


def test_correlation_1d_to_the_left_needs_padding(build):
    body = 'type: "Correlation1D" correlation_param { kernel_size: 1 max_displacement: 1 single_direction: -1 }'
    with pytest.raises(UnsupportedParameterError, match="beyond the row"):
        run(build, body, normal(1, 1, 4, 4), normal(1, 1, 4, 4))


def test_flow_warp_reads_between_pixels_at_the_last_ones_and_not_beyond(build):
    """Row 1 3 7 moved by 0.5, 1.5 (column 2.5 lies within [0, 3): 7 twice), 1 (column 3 is outside)."""
    flow = np.array([[[[0.5, 1.5, 1.0]], [[0.0, 0, 0]]]])
    (y,) = run(build, 'type: "FlowWarp"', np.array([[[[1.0, 3, 7]]]]), flow)
    assert y.ravel().tolist() == [2, 7, 0]
    (y,) = run(build, 'type: "FlowWarp" flow_warp_param { fill_value: NOT_A_NUMBER }', np.ones((1, 1, 1, 3)), flow)
    assert y.ravel().tolist()[:2] == [1, 1] and math.isnan(y.ravel()[2])


def test_the_gradient_of_a_flow_is_the_step_between_its_pixels(build):
    """At column 0.25: half-way values 1 (3/4) and 3 (1/4); moving right gains 3 - 1, moving down nothing."""
    total, (image, flow) = gradients(build, 'type: "FlowWarp"', [[[[1.0, 3]]]], [[[[0.25, 9]], [[0, 0]]]])
    assert total == 1.5
    assert (image, flow) == ([0.75, 0.25], [2, 0, 0, 0])


def test_an_unknown_flow_warps_to_the_filling(build):
    (y,) = run(build, 'type: "FlowWarp"', np.ones((1, 1, 1, 1)), np.full((1, 2, 1, 1), NAN))
    assert y.item() == 0


def test_channel_norm_and_its_gradient_that_ends_at_zero(build):
    total, (gradient,) = gradients(build, 'type: "ChannelNorm"', [[[[3.0, 0]], [[4, 0]]]])
    assert total == 5
    assert gradient == [0.6, 0, 0.8, 0]


def test_resample_nearest_rounds_halves_away_and_keeps_within(build):
    """Twice as small: output p lies at 2 p + 1/2 of the input and takes pixel 2 p + 1."""
    body = 'type: "Resample" resample_param { height: 2 width: 2 type: NEAREST }'
    (y,) = run(build, body, np.arange(16.0).reshape(1, 1, 4, 4))
    assert y.ravel().tolist() == [5, 7, 13, 15]


def test_resample_linear_twice_as_large_mixes_three_quarters_and_one(build):
    body = 'type: "Resample" resample_param { height: 2 width: 4 }'
    (y,) = run(build, body, np.array([[[[0.0, 8]]]]))
    assert y[0, 0, 0].tolist() == y[0, 0, 1].tolist()


def test_resample_places_columns_by_the_rows_factor_as_the_source_does(build):
    """One row stays one (fy = 1), two columns become four (fx = 1/2): column p lies at p / 2 + 1/2 - 1/2."""
    (y,) = run(build, 'type: "Resample" resample_param { height: 1 width: 4 }', np.array([[[[0.0, 8]]]]))
    assert y.ravel().tolist() == [0, 4, 8, 8]


def test_resample_cubic_overshoots_as_keys_does(build):
    """Twice as large: output 3 lies at 5/4 with weights -9, 111, 29, -3; 2 at 3/4 with -3 (cut off), 29, 111, -9."""
    body = 'type: "Resample" resample_param { height: 8 width: 8 type: CUBIC }'
    row = [0.0, 0, 128, 128]
    (y,) = run(build, body, np.broadcast_to(row, (1, 1, 4, 4)))
    assert y[0, 0, 3, 3] == pytest.approx((29 - 3) * 128 / 128)
    assert y[0, 0, 3, 2] == pytest.approx(-9 * 128 / (29 + 111 - 9))


def test_resample_widens_its_weights_where_it_shrinks(build):
    """Four to two in both axes: output 0 lies at 1/2, its triangle reaches 2: 3/4, 3/4, 1/4 of pixels 0, 1, 2."""
    x = np.broadcast_to([0.0, 7, 14, 21], (1, 1, 4, 4))
    (y,) = run(build, 'type: "Resample" resample_param { height: 2 width: 2 }', x)
    assert y[0, 0, 0, 0] == pytest.approx((0.75 * 7 + 0.25 * 14) / 1.75)
    (y,) = run(build, 'type: "Resample" resample_param { height: 2 width: 2 antialias: false }', x)
    assert y[0, 0, 0, 0] == pytest.approx(3.5)


def test_resample_without_a_size_or_of_areas_is_refused(build):
    with pytest.raises(UnsupportedParameterError, match="give both, or a second bottom"):
        run(build, 'type: "Resample" resample_param { height: 2 }', normal(1, 1, 4, 4))
    with pytest.raises(UnsupportedParameterError, match="AREA"):
        run(build, 'type: "Resample" resample_param { height: 2 width: 2 type: AREA }', normal(1, 1, 4, 4))


def test_downsample_weighs_by_tents_and_leaves_nan_out(build):
    """Five to three columns: at column 2 weights 1/2, 1, 1/2 over 2, less where one is NaN, NaN where most are."""
    body = 'type: "Downsample" downsample_param { top_height: 1 top_width: 3 }'
    assert run(build, body, np.array([[[[0.0, 2, 4, 8, 0]]]]))[0].ravel()[1] == (1 + 4 + 4) / 2
    assert run(build, body, np.array([[[[0.0, NAN, 4, 8, 0]]]]))[0].ravel()[1] == (4 + 4) / 1.5
    assert math.isnan(run(build, body, np.array([[[[0.0, 2, NAN, 8, 0]]]]))[0].ravel()[1])


def test_downsample_to_a_single_pixel_is_refused(build):
    with pytest.raises(ShapeError, match="takes 2 or more"):
        run(build, 'type: "Downsample" downsample_param { top_height: 1 top_width: 1 }', normal(1, 1, 4, 4))


def test_accum_joins_what_it_brings_to_one_size(build):
    small, large = np.array([[[[0.0, 4], [8, 12]]]]), normal(1, 1, 3, 3)
    (y,) = run(build, 'type: "Accum"', small, large)
    assert y[0, 0].tolist() == [[0, 2, 4], [4, 6, 8], [8, 10, 12]]
    assert np.array_equal(y[0, 1], large[0, 0])


def test_l1_loss_of_flownet_counts_ties_down_and_nan_out(build):
    """|2| + |-1| over n = 1; at 0 the source's sign is -1; what is unknown has no gradient."""
    total, (a, b) = gradients(
        build, 'type: "L1Loss" l1_loss_param { epsilon: 1 }', [[2.0, -1, 0, 5]], [[0.0, 0, 0, NAN]]
    )
    assert total == 3
    assert (a, b) == ([1, -1, -1, 0], [-1, 1, 1, 0])


def test_l1_loss_of_end_points(build):
    """Two positions, (3, 4) of length 5 and (0.6, 0.8) of length 1 below the plateau 2: 5 + 0 with epsilon 0, n = 1."""
    body = 'type: "L1Loss" l1_loss_param { l2_per_location: true epsilon: 0 plateau: 2 }'
    assert run(build, body, np.array([[[[3.0, 0.6]], [[4.0, 0.8]]]]))[0] == pytest.approx(5)
    body = 'type: "L1Loss" l1_loss_param { l2_per_location: true epsilon: 0.25 normalize_by_num_entries: true }'
    wanted = (math.sqrt(25.25) + math.sqrt(0.25)) / (2 / 2)  # two known entries of two channels; NaN's term stays
    assert run(build, body, np.array([[[[3.0, NAN]], [[4.0, NAN]]]]))[0] == pytest.approx(wanted)


def test_lpq_loss_by_hand(build):
    """((|3| + 1)^2 + (|-4| + 1)^2 + 8)^0.5 = 49^0.5 over n = 1; the mean over two channels: (41 / 2 + 8)^0.5."""
    fields = "p: 2 q: 0.5 p_epsilon: 1 q_epsilon: 8"
    x = np.array([[[[3.0]], [[-4.0]]]])
    assert run(build, f'type: "LpqLoss" lpq_loss_param {{ {fields} }}', x)[0] == pytest.approx(7)
    mean = f'type: "LpqLoss" lpq_loss_param {{ {fields} l2_prescale_by_channels: true }}'
    assert run(build, mean, x)[0] == pytest.approx(math.sqrt(28.5))


def test_a_schedule_of_powers_is_refused(build):
    fields = "p: 1 p: 2 q: 1 q: 1 pq_episode_starts_at_iter: 0 pq_episode_starts_at_iter: 9"
    with pytest.raises(UnsupportedParameterError, match="give one p and one q"):
        run(build, f'type: "LpqLoss" lpq_loss_param {{ {fields} }}', normal(1, 2, 1, 1))


def test_neg_relu_has_its_slope_at_zero(build):
    total, (gradient,) = gradients(build, 'type: "NegReLU" relu_param { negative_slope: 0.5 }', [[-2.0, 0, 4]])
    assert (total, gradient) == (0, [1, 0.5, 0.5])


def test_mean_cycles_over_channels(build):
    """0.5 (2 x - 3 m) of x = 1 and means 1, 2: 1 - 1.5 and 1 - 3, twice."""
    fields = "operation: SUBTRACT value: 1 value: 2 mean_scale: 3 input_scale: 2 output_scale: 0.5"
    (y,) = run(build, f'type: "Mean" mean_param {{ {fields} }}', np.ones((1, 4, 1, 1)))
    assert y.ravel().tolist() == [-0.5, -2, -0.5, -2]


@pytest.mark.parametrize(
    ("fields", "words"), [("file: 'm'", "give the mean as value"), ("value: 1 value: 2", "divisor")]
)
def test_a_mean_that_cannot_be_read_is_refused(build, fields, words):
    with pytest.raises(UnsupportedParameterError, match=words):
        run(build, f'type: "Mean" mean_param {{ operation: ADD {fields} }}', np.ones((1, 3, 1, 1)))


def test_augmentation_subtracts_the_stored_mean_of_channels(build):
    body = 'type: "DataAugmentation" augmentation_param { recompute_mean: 5 mean_per_pixel: false }'
    x = normal(2, 2, 1, 2)
    (y,) = run(build, body, x, parameters=[5.0, np.zeros((1, 2, 1, 2)), np.array([3.0, 4])])
    assert np.allclose(y, x - np.array([3.0, 4])[:, None, None])


def test_an_augmentation_in_training_stores_its_mean(build):
    """Passes of 2, 2 and 8, 8: the means are 2 and (2 + 8) / 2 = 5; a third, beyond recompute_mean, learns nothing."""
    body = 'type: "DataAugmentation" bottom: "x" top: "y" augmentation_param { recompute_mean: 2 }'
    net = build(body, {"x": (1, 1, 1, 2)}).train()
    for value, left in ((2.0, 0), (8.0, 3), (8.0, 3)):
        assert net.blobs(x=torch.full((1, 1, 1, 2), value))["y"].tolist() == [[[[left, left]]]]
    assert net.state_dict()["it.iterations"].item() == 3
    net.eval()
    assert net.blobs(x=torch.zeros(1, 1, 1, 2))["y"].tolist() == [[[[-5, -5]]]]


def test_a_crop_lies_in_the_middle_and_ends_before_the_last_pixel(build):
    """Two of five columns begin at (5 - 2) / 2 = 1.5; all of three end at 3 - 1.05 = 1.95."""
    body = 'type: "DataAugmentation" augmentation_param {{ crop_height: 1 crop_width: {} }}'
    (y,) = run(build, body.format(2), np.array([[[[0.0, 10, 20, 30, 40]]]]))
    assert y.ravel().tolist() == [15, 25]
    (y,) = run(build, body.format(3), np.array([[[[0.0, 10, 20]]]]))
    assert np.allclose(y.ravel(), [0, 10, 19.5])


@pytest.mark.parametrize(("fields", "tops"), [("mirror { prob: 0.5 } augment_during_test: true", 1), ("", 2)])
def test_what_would_be_drawn_is_refused(build, fields, tops):
    body = f'type: "DataAugmentation" augmentation_param {{ crop_height: 1 crop_width: 1 {fields} }}'
    with pytest.raises(UnsupportedParameterError, match=r"mirror is drawn|what was drawn"):
        run(build, body, normal(1, 1, 2, 2), tops=tops)


@pytest.mark.parametrize(("per_pixel", "wanted"), [("false", [-5, -5]), ("true", [-2, -2])])
def test_a_mean_of_another_size_is_taken_over_as_the_source_does(tmp_path, per_pixel, wanted):
    """Trained on one row of 1, 3: by pixel its mean 2 everywhere; by channel the third blob, 5."""
    text = 'layer {{ name: "in" type: "Input" top: "x" input_param {{ shape {{ dim: 1 dim: 1 dim: 1 dim: {} }} }} }}'
    text += ' layer {{ name: "aug" type: "DataAugmentation" bottom: "x" top: "y" augmentation_param {{ '
    text += f"recompute_mean: 5 mean_per_pixel: {per_pixel} }}}} }}}}"
    other, own = tmp_path / "other.prototxt", tmp_path / "own.prototxt"
    other.write_text(text.format(2))
    own.write_text(text.format(4))
    blobs = {"iterations": [[[[9]]]], "mean": [[[[1, 3]]]], "channel_mean": [[[[5]]]]}
    keyed, weights = tmp_path / "w.npz", tmp_path / "w.caffemodel"
    np.savez(keyed, **{f"aug.{name}": np.array(value, np.float32) for name, value in blobs.items()})
    converter.convert(keyed, weights, other)
    x = np.zeros((1, 1, 1, 4))
    for file in (keyed, weights):
        assert converter.load(own, file).blobs(x=x.astype(np.float32))["y"].ravel().tolist() == wanted * 2
        assert reference.run(own, file, {"x": x})["y"].ravel().tolist() == wanted * 2
