"""How the oracle builds and runs a net: phases, in-place order, shared blobs, inputs, and nets that do not connect."""

import numpy as np
import pytest

import reference
from reference.errors import InputError, LayerError, NetError, WeightsError

INPUT = 'layer { name: "x" type: "Input" top: "x" }\n'


def power(name, bottom, top, scale, rest=""):
    """A layer that multiplies by a number."""
    links = f'bottom: "{bottom}" top: "{top}"'
    return f'layer {{ name: "{name}" type: "Power" {links} {rest} power_param {{ scale: {scale} }} }}\n'


def run(text, x=(1.0,), weights=None, **options):
    """Every blob of a net with one input."""
    return reference.run(reference.parse(INPUT + text, **options), weights, {"x": np.array(x)})


def test_a_reader_before_an_in_place_layer_sees_the_earlier_value():
    text = power("a", "x", "a", 2) + power("early", "a", "early", 10) + power("b", "a", "a", 3)

    blobs = run(text + power("late", "a", "late", 10))

    assert {name: float(blob[0]) for name, blob in blobs.items()} == {"x": 1, "a": 6, "early": 20, "late": 60}


def test_include_and_exclude_rules_choose_by_phase():
    text = power("t", "x", "y", 2, "include { phase: TRAIN }") + power("u", "x", "y", 3, "exclude { phase: TRAIN }")

    assert run(text)["y"] == 3
    assert run(text, phase="train")["y"] == 2


def test_rules_choose_by_level_and_stage_too():
    text = """state { level: 2 stage: "deploy" }""" + INPUT
    text += power("a", "x", "a", 2, "include { min_level: 3 }") + power("b", "x", "b", 2, "include { max_level: 2 }")
    text += power("c", "x", "c", 2, 'include { stage: "deploy" not_stage: "debug" }')
    text += power("d", "x", "d", 2, 'exclude { not_stage: "debug" }')

    assert reference.parse(text).blobs == ("x", "b", "c")


def test_outputs_are_what_nobody_reads_in_alphabetical_order():
    net = reference.parse(INPUT + power("1", "x", "b", 1) + power("2", "x", "a", 1) + power("3", "b", "c", 1))

    assert net.outputs == ("a", "c")
    assert net.blobs == ("x", "b", "a", "c")


def shared(mode, *sizes):
    """Inner products of those output counts that share their weight."""
    layers = (
        f'layer {{ name: "f{at}" type: "InnerProduct" bottom: "x" top: "y{at}" param {{ name: "w" {mode} }} '
        f"inner_product_param {{ num_output: {size} bias_term: false transpose: {str(at == 1).lower()} }} }}\n"
        for at, size in enumerate(sizes)
    )
    return INPUT + "".join(layers)


def test_layers_that_name_a_parameter_share_it():
    blobs = reference.run(reference.parse(shared("", 2)), {"f0": [[[1, 2], [3, 4]]]}, {"x": [[1.0, 1.0]]})
    both = reference.run(reference.parse(shared("", 2, 2)), {"f0": [[[1, 2], [3, 4]]]}, {"x": [[1.0, 1.0]]})

    np.testing.assert_array_equal(blobs["y0"], [[3, 7]])
    np.testing.assert_array_equal(both["y0"], [[3, 7]])
    np.testing.assert_array_equal(both["y1"], [[4, 6]])


def test_a_shared_parameter_of_another_shape_needs_permission():
    inputs = {"x": [[1.0, 1.0]]}
    weights = {"f0": [[[1, 2], [3, 4], [5, 6]]]}

    with pytest.raises(WeightsError, match=r"layer 'f1'.*shape \(3, 2\); the net wants \(2, 3\)"):
        reference.run(reference.parse(shared("", 3, 3)), weights, inputs)
    loose = reference.run(reference.parse(shared("share_mode: PERMISSIVE", 3, 3)), weights, inputs)

    np.testing.assert_array_equal(loose["y1"], [[5, 7, 9]])


def test_a_layer_that_the_weights_lack_keeps_a_filler_that_the_net_names():
    layer = """layer { name: "NAME" type: "InnerProduct" bottom: "x" top: "NAME"
                       inner_product_param { num_output: 1 FILLER } }"""
    text = layer.replace("NAME", "a").replace("FILLER", "")
    text += layer.replace("NAME", "b").replace("FILLER", 'weight_filler { type: "constant" value: 5 }')

    blobs = run(text, [[2.0]], {"a": [[[3]], [1]]})

    assert (float(blobs["a"][0, 0]), float(blobs["b"][0, 0])) == (7, 10)


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (
            power("p", "nowhere", "y", 1),
            NetError,
            "<text>:2: layer 'p' .Power.: bottom 'nowhere' is written by no earlier",
        ),
        (
            power("p", "x", "y", 1) + power("q", "x", "y", 1),
            NetError,
            "<text>:3: layer 'q'.*top 'y' is written already",
        ),
        (
            'layer { name: "a" type: "Foo" bottom: "x" } layer { type: "relu" }',
            NetError,
            "unknown to the oracle: Foo, relu",
        ),
        (power("p", "x", "y", 1, "quantise: 8"), NetError, "<text>:2: layer 'p'.*field 'quantise' is unknown"),
        (
            'layer { type: "Power" bottom: "x" top: "y" power_param { shifty: 1 } }',
            NetError,
            "field 'shifty' is unknown",
        ),
        ('layers { type: RELU bottom: "x" top: "y" }', NetError, "both `layer` and `layers`"),
        (power("p", "x", "y", 1, "include {} exclude {}"), LayerError, "include rules and exclude rules"),
        (
            'layer { name: "s" type: "Slice" bottom: "x" top: "a" top: "b" }',
            LayerError,
            "axis is 1; the blob has 1 axes",
        ),
        (
            'layer { name: "e" type: "Eltwise" bottom: "x" top: "y" eltwise_param { operation: PROD } }',
            LayerError,
            "has 1 bottoms; expected 2",
        ),
        (
            'layer { name: "p" type: "Pooling" bottom: "x" top: "y" }',
            LayerError,
            "layer 'p' .Pooling.: the bottom has 1 axes",
        ),
        ('layer { name: "r" type: "ReLU" bottom: "x" top: "y" top: "z" }', LayerError, "has 2 tops; it makes 1"),
    ],
)
def test_a_net_that_does_not_connect_is_one_clear_error(text, kind, message):
    with pytest.raises(kind, match=message):
        run(text)


def test_unknown_fields_are_passed_over_on_request():
    assert run(power("p", "x", "y", 2, "quantise: 8 extra_param { deep { er: 1 } }"), allow_unknown=True)["y"] == 2


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "no value for input 'x'"),
        ({"x": [1.0], "z": [1.0]}, "has no input 'z'; its inputs are x"),
        ({"x": ["a"]}, "input 'x' is no array of numbers"),
    ],
)
def test_inputs_that_do_not_fit_are_an_error(inputs, message):
    with pytest.raises(InputError, match=message):
        reference.run(reference.parse(INPUT), None, inputs)


def test_a_data_layers_tops_are_inputs_whatever_it_would_have_read():
    text = """layer { name: "d" type: "Data" top: "x" top: "label"
                      data_param { source: "gone" backend: LMDB batch_size: 1 } }"""

    net = reference.parse(text + power("p", "x", "y", 2))

    assert net.inputs == ("x", "label")
    assert reference.run(net, None, {"x": [1.0], "label": [0]})["y"] == 2


def test_dummy_data_is_made_where_it_is_constant_and_given_where_it_is_not():
    text = """layer { name: "d" type: "DummyData" top: "x" dummy_data_param {
        shape { dim: 1 dim: 2 } data_filler { type: "TYPE" value: 3 } } }"""
    made = reference.run(reference.parse(text.replace("TYPE", "constant")), None, {})
    given = reference.run(reference.parse(text.replace("TYPE", "gaussian")), None, {"x": [[1, 2]]})

    np.testing.assert_array_equal(made["x"], [[3, 3]])
    np.testing.assert_array_equal(given["x"], [[1, 2]])
    with pytest.raises(WeightsError, match="gaussian filler is random"):
        reference.run(reference.parse(text.replace("TYPE", "gaussian")), None, {})


def test_a_v0_padding_layer_moves_into_the_convolution_behind_it():
    text = """input: "x" input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1
        layers { layer { name: "pad" type: "padding" pad: 2 } bottom: "x" top: "p" }
        layers { layer { name: "c" type: "conv" num_output: 1 kernelsize: 3 pad: 0 biasterm: false
                         weight_filler { type: "constant" value: 1 } } bottom: "p" top: "c" }"""

    blobs = reference.run(reference.parse(text), None, {"x": np.ones((1, 1, 1, 1))})

    assert list(blobs) == ["x", "c"]
    np.testing.assert_array_equal(blobs["c"], np.ones((1, 1, 3, 3)))


def test_an_old_word_may_name_a_forks_layer():
    text = INPUT.replace("layer", "layers").replace('"Input"', "INPUT")

    net = reference.parse(text + 'layers { name: "r" type: ROI_POOLING bottom: "x" bottom: "x" top: "y" }')

    assert [layer.type for layer in net.layers] == ["Input", "ROIPooling"]


@pytest.mark.parametrize(
    "message", ["quantization_param { bw_params: 8 scale_in: 3 }", "interp_param { zoom_factor: 2 }"]
)
def test_a_forks_message_on_another_type_is_refused_and_bvlcs_is_passed_over(message):
    """Intel's Convolution reads quantization_param, here Ristretto's layers' alone; Caffe skips pooling_param."""
    with pytest.raises(NetError, match=f"field {message.split()[0]!r} is unknown, and so is its effect"):
        run(power("a", "x", "y", 2, message))
    assert run(power("a", "x", "y", 2, message), allow_unknown=True)["y"] == 2
    assert run(power("a", "x", "y", 2, "pooling_param { pool: AVE }"))["y"] == 2
