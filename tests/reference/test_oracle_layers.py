"""The oracle's layers by hand arithmetic, and by loops that say what a sum is without slicing."""

import itertools

import numpy as np
import pytest

import reference
from reference.errors import LayerError
from reference.geometry import Window, pooled_size

LARGEST = float(np.finfo(np.float32).max)


def answer(kind, fields, *bottoms, weights=None, tops=1, rest=""):
    """The tops of one layer fed with these bottoms."""
    names = [f"b{number}" for number in range(len(bottoms))]
    inputs = "".join(f'layer {{ name: "{name}" type: "Input" top: "{name}" }}' for name in names)
    links = "".join(f'bottom: "{name}" ' for name in names) + "".join(f'top: "t{number}" ' for number in range(tops))
    text = f'{inputs} layer {{ name: "it" type: "{kind}" {links} {fields} }} {rest}'
    stored = {"it": weights} if weights else None
    blobs = reference.run(reference.parse(text), stored, dict(zip(names, bottoms, strict=True)))
    found = [blobs[f"t{number}"] for number in range(tops)]
    return found[0] if tops == 1 else found


def whole_numbers(*shape, seed=0):
    """Small whole numbers, so that sums are exact in any order."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(np.float64)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "pad", "wanted"),
    [
        *[(5, 2, 2, 0, 3), (6, 3, 2, 0, 3), (7, 3, 2, 1, 4), (4, 2, 2, 1, 3), (5, 2, 2, 1, 3)],
        *[(401, 2, 2, 0, 201), (5, 1, 3, 0, 3)],
    ],
)
def test_pooled_sizes_round_up_and_drop_a_window_in_the_padding(size, kernel, stride, pad, wanted):
    window = Window((kernel, kernel), (stride, stride), (pad, pad), (1, 1))

    assert pooled_size(window, (size, size)) == (wanted, wanted)


def test_a_window_without_a_pixel_gives_minus_the_largest_float_and_no_place():
    fields = "pooling_param { pool: MAX kernel_size: 1 stride: 3 }"

    top, mask = answer("Pooling", fields, whole_numbers(1, 1, 5, 5), tops=2)

    assert top.shape == (1, 1, 3, 3)
    np.testing.assert_array_equal(top[0, 0, 2], [-LARGEST] * 3)
    np.testing.assert_array_equal(mask[0, 0], [[0, 3, -1], [15, 18, -1], [-1, -1, -1]])


def test_maximum_pooling_passes_over_nan_and_takes_the_first_of_equals():
    x = np.array([[np.nan, 2.0], [2.0, 1.0]]).reshape(1, 1, 2, 2)

    top, mask = answer("Pooling", "pooling_param { kernel_size: 2 }", x, tops=2)

    assert (top.item(), mask.item()) == (2, 1)


def test_average_pooling_counts_padding_before_and_behind_but_not_beyond():
    x = np.ones((1, 1, 3, 3))

    top = answer("Pooling", "pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }", x)
    clipped = answer("Pooling", "pooling_param { pool: AVE kernel_size: 2 stride: 2 }", x)

    np.testing.assert_array_equal(top[0, 0], [[4 / 9, 4 / 9], [4 / 9, 4 / 9]])
    np.testing.assert_array_equal(clipped[0, 0], [[1, 1], [1, 1]])


@pytest.mark.parametrize("fields", ["round_mode: FLOOR", "ceil_mode: false"])
def test_pooling_rounds_down_on_request(fields):
    assert answer("Pooling", f"pooling_param {{ kernel_size: 2 stride: 2 {fields} }}", np.ones((1, 1, 5, 5))).shape[
        2:
    ] == (2, 2)


def test_stochastic_pooling_at_test_time_weighs_pixels_by_themselves():
    x = np.array([[1.0, 3.0], [0.0, 4.0]]).reshape(1, 1, 2, 2)

    assert answer("Pooling", "pooling_param { pool: STOCHASTIC kernel_size: 2 }", x).item() == 26 / 8


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("kernel_size: 2 kernel_h: 2 kernel_w: 2", "sets kernel_size and kernel_h or kernel_w"),
        ("kernel_h: 2", "wants both"),
        ("kernel_size: 2 pad: 2", "pad .* reaches past the kernel"),
        ("kernel_size: 9", "has no place"),
        ("global_pooling: true kernel_size: 2", "sets global_pooling and a kernel"),
        ("kernel_size: 2 stride: 0", "must be positive"),
        ("", "'kernel_size' is missing"),
    ],
)
def test_poolings_that_caffe_refuses_are_refused(fields, message):
    with pytest.raises(LayerError, match=message):
        answer("Pooling", f"pooling_param {{ {fields} }}", np.ones((1, 1, 5, 5)))


def convolved_by_loops(x, weight, stride, pad, dilation, groups):
    """The definition, index by index."""
    n, _, h, w = x.shape
    outputs, per_group, kh, kw = weight.shape
    sizes = [(s + 2 * pad - dilation * (k - 1) - 1) // stride + 1 for s, k in ((h, kh), (w, kw))]
    y = np.zeros((n, outputs, *sizes))
    for item, o, i, row, column, p, q in itertools.product(*map(range, (n, outputs, per_group, *sizes, kh, kw))):
        above, left = row * stride - pad + p * dilation, column * stride - pad + q * dilation
        if 0 <= above < h and 0 <= left < w:
            channel = o // (outputs // groups) * per_group + i
            y[item, o, row, column] += weight[o, i, p, q] * x[item, channel, above, left]
    return y


@pytest.mark.parametrize(
    ("stride", "pad", "dilation", "groups"), [(1, 0, 1, 1), (2, 1, 1, 2), (1, 2, 3, 1), (3, 1, 2, 4)]
)
def test_convolution_is_its_definition(stride, pad, dilation, groups):
    x, weight = whole_numbers(2, 4, 8, 9), whole_numbers(8, 4 // groups, 3, 2, seed=1)
    fields = (
        f"num_output: 8 kernel_size: 3 kernel_size: 2 stride: {stride} pad: {pad} dilation: {dilation} group: {groups}"
    )

    y = answer("Convolution", f"convolution_param {{ {fields} bias_term: false }}", x, weights=[weight])

    np.testing.assert_array_equal(y, convolved_by_loops(x, weight, stride, pad, dilation, groups))


def test_an_impulse_names_every_tap():
    x = np.zeros((1, 1, 5, 5))
    x[0, 0, 2, 2] = 1
    weight = 2.0 ** np.arange(9).reshape(1, 1, 3, 3)

    y = answer(
        "Convolution", "convolution_param { num_output: 1 kernel_size: 3 bias_term: false }", x, weights=[weight]
    )

    np.testing.assert_array_equal(y[0, 0], weight[0, 0, ::-1, ::-1])


def test_deconvolution_spreads_what_convolution_gathers():
    x, weight = whole_numbers(1, 4, 3, 3), whole_numbers(4, 3, 3, 3, seed=1)
    fields = "convolution_param { num_output: 6 group: 2 kernel_size: 3 stride: 2 pad: 1 bias_term: false }"
    wanted = np.zeros((1, 6, 7, 7))
    for i, o, row, column, p, q in itertools.product(*map(range, (4, 3, 3, 3, 3, 3))):
        wanted[0, i // 2 * 3 + o, 2 * row + p, 2 * column + q] += weight[i, o, p, q] * x[0, i, row, column]

    np.testing.assert_array_equal(answer("Deconvolution", fields, x, weights=[weight]), wanted[:, :, 1:-1, 1:-1])


def test_bands_of_rows_change_nothing(monkeypatch):
    x, weight = whole_numbers(1, 3, 9, 7), whole_numbers(5, 3, 3, 3, seed=1)
    fields = "convolution_param { num_output: 5 kernel_size: 3 stride: 2 pad: 1 bias_term: false }"
    whole = answer("Convolution", fields, x, weights=[weight])
    monkeypatch.setattr("reference.convolve._BAND_BYTES", 1)
    monkeypatch.setattr("reference.convolve._CACHED_WEIGHT_BYTES", 1)

    np.testing.assert_array_equal(answer("Convolution", fields, x, weights=[weight]), whole)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("num_output: 2", "kernel_size is missing"),
        ("num_output: 2 kernel_size: 3 kernel_h: 3 kernel_w: 3", "kernel_size goes with"),
        ("num_output: 2 kernel_h: 3", "must be positive"),
        (
            "num_output: 2 kernel_size: 3 stride: 1 stride: 1 stride: 1",
            "stride is given 3 times; expected once or 2 times",
        ),
        ("num_output: 3 kernel_size: 1 group: 2", "do not divide into 2 groups"),
        ("num_output: 2 kernel_size: 9", "has no place"),
        ("kernel_size: 1", "'num_output' is missing"),
    ],
)
def test_convolutions_that_caffe_refuses_are_refused(fields, message):
    with pytest.raises(LayerError, match=message):
        answer("Convolution", f"convolution_param {{ {fields} }}", np.ones((1, 2, 5, 5)))


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Convolution", "hole: 2"),
        ("Convolution", "hole_h: 2 hole_w: 2"),
        ("HoleConvolution", "hole: 2"),
        ("DepthwiseConvolution", "dilation: 2"),
        ("ConvolutionDepthwise", "dilation: 2"),
    ],
)
def test_forks_words_for_dilation_and_depthwise_mean_the_same(kind, fields):
    x, weight = whole_numbers(1, 2, 7, 7), whole_numbers(2, 1, 3, 3, seed=1)
    fields = f"convolution_param {{ num_output: 2 group: 2 kernel_size: 3 bias_term: false {fields} }}"

    np.testing.assert_array_equal(answer(kind, fields, x, weights=[weight]), convolved_by_loops(x, weight, 1, 0, 2, 2))


def test_transpose_reverse_and_shuffle_move_what_they_say():
    x = np.arange(12.0).reshape(2, 3, 2)
    channels = np.arange(6.0).reshape(1, 6, 1, 1)

    np.testing.assert_array_equal(
        answer("Transpose", "transpose_param { dim: 2 dim: 0 dim: 1 }", x), x.transpose(2, 0, 1)
    )
    np.testing.assert_array_equal(answer("Reverse", "reverse_param { axis: 1 }", x), x[:, ::-1])
    shuffled = answer("ShuffleChannel", "shuffle_channel_param { group: 2 }", channels)
    np.testing.assert_array_equal(shuffled.ravel(), [0, 3, 1, 4, 2, 5])


def test_crelu_keeps_both_signs_apart():
    np.testing.assert_array_equal(answer("CReLU", "", np.array([[1.0, -2.0]])), [[1, 0, 0, 2]])


def test_cropping_the_centre_cuts_as_much_off_both_ends():
    x = np.arange(6.0).reshape(1, 1, 1, 6)
    fields = "crop_center_param { crop_size: 0 crop_size: 0 crop_size: 0 crop_size: 2 }"

    np.testing.assert_array_equal(answer("CropCenter", fields, x).ravel(), [2, 3])


def test_unpooling_goes_back_where_pooling_came_from():
    x = np.array([[1.0, 5.0, 0.0, 2.0], [3.0, 4.0, 9.0, 1.0]]).reshape(1, 1, 2, 4)
    top, mask = answer("Pooling", "pooling_param { kernel_size: 2 stride: 2 }", x, tops=2)
    window = "kernel_size: 2 stride: 2 unpool_h: 2 unpool_w: 4"

    back = answer("Unpooling", f"unpooling_param {{ unpool: MAX {window} }}", top, mask)
    spread = answer("Unpooling", f"unpooling_param {{ unpool: AVE {window} }}", top)
    tiled = answer("Unpooling", f"unpooling_param {{ unpool: TILE {window} }}", top)

    np.testing.assert_array_equal(back[0, 0], [[0, 5, 0, 0], [0, 0, 9, 0]])
    np.testing.assert_array_equal(spread[0, 0], [[1.25, 1.25, 2.25, 2.25]] * 2)
    np.testing.assert_array_equal(tiled[0, 0], [[5, 5, 9, 9]] * 2)


def test_a_mask_that_points_outside_is_an_error():
    with pytest.raises(LayerError, match="names place 99"):
        answer("Upsample", "upsample_param { scale: 2 }", np.ones((1, 1, 1, 1)), np.full((1, 1, 1, 1), 99.0))


def test_position_sensitive_pooling_reads_a_channel_of_its_own_for_every_bin():
    x = np.broadcast_to(np.arange(8.0).reshape(1, 8, 1, 1), (1, 8, 4, 4))
    fields = "psroi_pooling_param { spatial_scale: 0.5 output_dim: 2 group_size: 2 }"

    top = answer("PSROIPooling", fields, x, np.array([[0.0, 0, 0, 7, 7]]))

    np.testing.assert_array_equal(top, np.arange(8.0).reshape(1, 2, 2, 2))


def test_position_sensitive_pooling_averages_its_bin():
    x = np.arange(16.0).reshape(1, 1, 4, 4)

    top = answer(
        "PSROIPooling",
        "psroi_pooling_param { spatial_scale: 1 output_dim: 1 group_size: 1 }",
        x,
        np.array([[0, 1, 1, 2, 2]]),
    )

    assert top.item() == (5 + 6 + 9 + 10) / 4


def test_one_lstm_step_by_hand():
    gates = np.array([[[0.0, 0.0, 0.0, 1.0]]])

    cell, hidden = answer("LSTMUnit", "", np.array([[[2.0]]]), gates, np.array([[1.0]]), tops=2)
    fresh, _ = answer("LSTMUnit", "", np.array([[[2.0]]]), gates, np.array([[0.0]]), tops=2)

    assert cell.item() == pytest.approx(0.5 * 2 + 0.5 * np.tanh(1), rel=1e-15)
    assert hidden.item() == pytest.approx(0.5 * np.tanh(cell.item()), rel=1e-15)
    assert fresh.item() == pytest.approx(0.5 * np.tanh(1), rel=1e-15)


def test_an_lstm_takes_and_gives_its_state_where_it_is_exposed():
    weights = [np.zeros((4, 1)), np.array([0.0, 0.0, 0.0, 1.0]), np.zeros((4, 1))]
    x, cont, state = np.zeros((1, 1, 1)), np.ones((1, 1)), np.full((1, 1, 1), 2.0)
    fields = "recurrent_param { num_output: 1 expose_hidden: true }"

    y, hidden, cell = answer("LSTM", fields, x, cont, state, state, weights=weights, tops=3)

    assert cell.item() == pytest.approx(0.5 * 2 + 0.5 * np.tanh(1), rel=1e-15)
    assert y.item() == hidden.item() == pytest.approx(0.5 * np.tanh(cell.item()), rel=1e-15)


def test_a_parameter_layer_gives_its_blob():
    np.testing.assert_array_equal(
        answer("Parameter", "parameter_param { shape { dim: 2 } }", weights=[[3.0, 4.0]]), [3, 4]
    )


def test_batch_norm_without_statistics_divides_by_the_root_of_eps():
    y = answer("BatchNorm", "batch_norm_param { eps: 0.25 }", np.full((1, 1, 1, 1), 3.0), weights=[[5.0], [7.0], [0.0]])

    assert y.item() == 6


def test_batch_norm_takes_the_batchs_own_statistics_on_request():
    x = np.array([1.0, 3.0]).reshape(2, 1, 1, 1)

    y = answer("BatchNorm", "batch_norm_param { use_global_stats: false eps: 3 }", x)

    np.testing.assert_array_equal(y.ravel(), [-0.5, 0.5])


def test_segnets_bn_normalises_by_the_batch_while_it_learns():
    x = np.array([1.0, 3.0]).reshape(2, 1, 1, 1)
    weights = [np.full((1, 1, 1, 1), 2.0), np.full((1, 1, 1, 1), 1.0)]

    y = answer("BN", "bn_param { bn_mode: LEARN }", x, weights=weights)

    np.testing.assert_allclose(y.ravel(), [-1, 3], atol=1e-8)


def test_a_loss_over_nothing_is_zero():
    label = np.full((1, 1, 1, 2), 255.0)

    assert answer("SoftmaxWithLoss", "loss_param { ignore_label: 255 }", np.ones((1, 3, 1, 2)), label).item() == 0


def test_a_label_that_is_no_class_is_an_error():
    with pytest.raises(LayerError, match="label 3 is no class; expected 0 to 2"):
        answer("SoftmaxWithLoss", "", np.ones((1, 3)), np.array([3.0]))


def test_ties_count_against_accuracy():
    x = np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 1.0]])

    share, classes = answer("Accuracy", "", x, np.array([0.0, 1.0]), tops=2)

    assert share.item() == 0.5
    np.testing.assert_array_equal(classes, [0, 1, 0])


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [("power: 0", 1), ("scale: 0 shift: 3 power: 2", 9), ("scale: 2 shift: 1 power: 2", 49)],
)
def test_a_power_without_scale_or_exponent_is_constant(fields, wanted):
    assert answer("Power", f"power_param {{ {fields} }}", np.array([3.0])).item() == wanted


def test_detection_without_any_box_names_its_items():
    fields = "detection_output_param { num_classes: 2 confidence_threshold: 0.9 nms_param { nms_threshold: 0.5 } }"

    top = answer("DetectionOutput", fields, np.zeros((2, 4)), np.zeros((2, 2)), np.ones((1, 2, 4)))

    np.testing.assert_array_equal(top[0, 0], [[0, *[-1] * 6], [1, *[-1] * 6]])


def test_what_draws_random_numbers_is_refused_in_training():
    text = 'layer { name: "x" type: "Input" top: "x" } layer { name: "d" type: "Dropout" bottom: "x" top: "x" }'

    with pytest.raises(LayerError, match="draws random numbers in phase TRAIN"):
        reference.run(reference.parse(text, phase="train"), None, {"x": [1.0]})


def test_sinks_make_nothing():
    rest = 'layer { name: "s" type: "Silence" bottom: "t0" } layer { name: "h" type: "HDF5Output" bottom: "t0" }'

    np.testing.assert_array_equal(answer("ReLU", "", np.array([-1.0, 2.0]), rest=rest), [0, 2])


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Tile", "tile_param { axis: 0 tiles: 2000000000 }"),
        ("InnerProduct", "inner_product_param { axis: 0 num_output: 2000000000 }"),
        ("Parameter", "parameter_param { shape { dim: 2147483647 dim: 2147483647 } }"),
    ],
)
def test_a_net_cannot_ask_for_more_numbers_than_caffe_can_count(kind, fields):
    bottoms = [] if kind == "Parameter" else [np.ones(2)]

    with pytest.raises(LayerError, match="2147483647"):
        answer(kind, fields, *bottoms)


def test_blobs_in_float32_are_added_in_float64():
    table, bias = np.array([[1.0]], np.float32), np.array([2.0**-40], np.float32)

    y = answer("Embed", "embed_param { input_dim: 1 num_output: 1 }", np.array([0.0]), weights=[table, bias])

    assert y.item() == 1 + 2.0**-40


def test_the_logistic_loss_of_probabilities_by_hand():
    """-(ln 1/2 + ln 1/4) / 2, and ln 1e20 where a probability is 0 (kLOG_THRESHOLD)."""
    half, quarter, none = [0.5, 0.5], [0.75, 0.25], [0.0, 1.0]

    loss = answer("MultinomialLogisticLoss", "", np.array([half, quarter]), np.array([0.0, 1.0]))
    least = answer("MultinomialLogisticLoss", "", np.array([none]), np.array([0.0]))

    assert loss.item() == pytest.approx(1.5 * np.log(2))
    assert least.item() == pytest.approx(20 * np.log(10))
