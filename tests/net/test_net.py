"""Phases, stages, wiring and the accounting view."""

import pytest

import converter
from converter.errors import GraphError, ShapeError, UnsupportedLayerError, UnsupportedParameterError

INPUT = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }\n'


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "net.prototxt"
        path.write_text(INPUT + text)
        return path

    return write


def relu(name, rules="", bottom="data", top="y"):
    return f'layer {{ name: "{name}" type: "ReLU" bottom: "{bottom}" top: "{top}" {rules} }}\n'


@pytest.mark.parametrize(
    ("rules", "phase", "stages", "kept"),
    [
        ("", "test", (), True),
        ("include { phase: TRAIN }", "test", (), False),
        ("include { phase: TRAIN }", "train", (), True),
        ("exclude { phase: TEST }", "test", (), False),
        ("exclude { phase: RUN }", "test", (), True),
        ("include { phase: RUN }", "train", (), False),
        ("exclude { phase: TEST }", "train", (), True),
        ("include { phase: TRAIN } include { phase: TEST }", "test", (), True),
        ('include { stage: "a" }', "test", (), False),
        ('include { stage: "a" }', "test", ("a",), True),
        ('include { stage: "a" stage: "b" }', "test", ("a",), False),
        ('include { not_stage: "a" }', "test", ("a",), False),
        ('exclude { phase: TEST stage: "a" }', "test", (), True),
        ("include { min_level: 1 }", "test", (), False),
        ("include { max_level: 0 }", "test", (), True),
    ],
)
def test_rules_admit_layers_as_caffe_does(write, rules, phase, stages, kept):
    net = converter.read_net(write(relu("r", rules)), phase, stages=stages)

    assert [layer.name for layer in net.layers] == (["data", "r"] if kept else ["data"])


def test_no_phase_keeps_every_layer(write):
    net = converter.read_net(write(relu("a", "include { phase: TRAIN }") + relu("b", "include { phase: TEST }")), None)

    assert [layer.name for layer in net.layers] == ["data", "a", "b"]


def test_outputs_are_unread_tops_in_alphabetical_order(write):
    net = converter.read_net(write(relu("z", top="z") + relu("a", top="a")))

    assert net.outputs == ("a", "z")


def test_include_beside_exclude_is_refused(write):
    with pytest.raises(GraphError, match="include and exclude"):
        converter.read_net(write(relu("r", "include { phase: TEST } exclude { phase: TRAIN }")))


def test_a_missing_bottom_names_the_nearest_blob(write):
    with pytest.raises(GraphError, match=r"'dta' is not produced.*'data'") as caught:
        converter.read_net(write(relu("r", bottom="dta")))
    assert (caught.value.layer, caught.value.line) == ("r", 2)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("include { phase: TRAIN }", "makes it only for phase='train'"),
        ('include { phase: TEST stage: "a" }', "makes it only for phase='test', stages=['a']"),
        ('include { min_level: 2 } include { not_stage: "a" stage: "b" }',
         "makes it only for level=2 or more or stages=['b'], stages without 'a'"),
        ("exclude { phase: TEST }", "makes it but for phase='test'"),
        ("exclude { max_level: 3 } exclude { phase: TRAIN }",
         "makes it but for level=3 or less or phase='train'"),
        ("exclude { }", "makes it but for every state"),
    ],
)  # fmt: skip
def test_a_bottom_that_a_layer_of_another_state_makes_names_the_state(write, rules, told):
    with pytest.raises(GraphError) as caught:
        converter.read_net(write(relu("r", rules) + relu("s", bottom="y", top="z")))
    where = "layer 's' (ReLU): bottom 'y' is not produced by any layer before it; layer 'r' in line 2 "
    assert str(caught.value).endswith(where + told)


def test_of_many_layers_of_other_states_three_are_named(write):
    rules = [f'include {{ stage: "{name}" }}' for name in "abcdef"]
    with pytest.raises(GraphError) as caught:
        converter.read_net(write("".join(relu("r", rule) for rule in rules) + relu("s", bottom="y", top="z")))
    assert str(caught.value).count("makes it") == 3


def test_a_top_produced_twice_names_both_layers(write):
    with pytest.raises(GraphError, match="'y' is already produced by layer 'a'") as caught:
        converter.read_net(write(relu("a") + relu("b")))
    assert (caught.value.layer, caught.value.line) == ("b", 3)


def test_an_in_place_layer_may_write_what_it_reads(write):
    net = converter.load(write(relu("a", top="data")))

    assert net.outputs == ("data",)


def test_unknown_types_are_all_named_at_once(write):
    text = (
        'layer { name: "a" type: "Foo" bottom: "data" top: "b" }\nlayer { name: "c" type: "Bar" bottom: "b" top: "d" }'
    )
    with pytest.raises(UnsupportedLayerError, match=r"'Foo' .*'Bar'.*@converter.layer\('Foo'\)") as caught:
        converter.load(write(text))
    assert caught.value.types == ("Foo", "Bar")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (relu("r", "relu_param { negative_slop: 1 }"), "relu_param.negative_slop"),
        (relu("r", "color: RED"), "color"),
    ],
)
def test_a_set_field_that_no_layer_reads_is_an_error_that_names_it(write, text, field):
    with pytest.raises(UnsupportedParameterError) as caught:
        converter.load(write(text))
    assert caught.value.field == field
    assert caught.value.layer == "r"
    assert caught.value.line == 2


def test_a_nets_own_fields_are_refused_unless_they_change_no_number(write):
    body = 'input: "x" input_shape { dim: 1 } layer { name: "a" type: "ReLU" bottom: "x" top: "y" }'
    assert not converter.load(write(f"mem_param {{ optimize_train: true }} {body}")).notes
    with pytest.raises(UnsupportedParameterError, match="mem_params: no such field in a net"):
        converter.load(write(f"mem_params {{ optimize_train: true }} {body}"))


def test_unknown_fields_are_listed_when_allowed(write):
    net = converter.load(write(relu("r", "relu_param { negative_slop: 1 }")), allow_unknown=True)

    assert any("relu_param.negative_slop" in note for note in net.notes)


def test_the_engine_changes_no_result_and_may_stand(write):
    converter.load(write(relu("r", "relu_param { engine: CUDNN }")))


@pytest.mark.parametrize(
    ("param", "message"),
    [
        ("num_output: 2", "kernel_size is missing"),
        ("num_output: 2 kernel_size: 3 kernel_h: 3", "kernel_size stands beside"),
        ("num_output: 2 kernel_size: 3 group: 2", "divisor of 3 inputs and 2 outputs"),
        ("num_output: 2 kernel_size: 3 dilation: 1 dilation: 1 dilation: 1", "dilation is given 3 times"),
        ("num_output: 2 kernel_size: 3 stride: 0", "at least 1"),
        ("num_output: 2 kernel_size: 3 stride_h: 2", r"stride is \[2, 0\]"),
        ("num_output: 2 kernel_size: 9", "too small"),
    ],
)
def test_a_convolution_that_caffe_refuses_is_refused_with_the_reason(write, param, message):
    text = f'layer {{ name: "c" type: "Convolution" bottom: "data" top: "y" convolution_param {{ {param} }} }}'
    with pytest.raises((UnsupportedParameterError, ShapeError), match=message):
        converter.load(write(text))


def test_pad_h_alone_leaves_the_columns_unpadded(write):
    param = "num_output: 2 kernel_size: 3 pad_h: 1"
    text = f'layer {{ name: "c" type: "Convolution" bottom: "data" top: "y" convolution_param {{ {param} }} }}'
    net = converter.load(write(text))

    assert net.plan.shapes["y"] == (1, 2, 8, 6)


@pytest.mark.parametrize(("own", "asked", "kept"), [(1, 0, True), (0, 1, True), (1, 2, False), (0, 0, False)])
def test_a_level_asked_for_stands_over_the_nets_own(write, own, asked, kept):
    """Spec part E, step 2: the net's own state, then the solver's merged over it."""
    path = write(f"state {{ level: {own} }}\n" + relu("r", "include { min_level: 1 max_level: 1 }"))
    net = converter.read_net(path, level=asked)

    assert ("r" in [layer.name for layer in net.layers]) is kept


@pytest.mark.parametrize("field", ["quantization_param { scale_in: 3 }", "forward_type: FLOAT16"])
def test_a_forks_field_that_changes_numbers_is_refused_or_named_in_the_notes(write, field):
    """Intel's and NVIDIA's forks compute otherwise with them; without them the float net is what runs."""
    path = write(relu("r", field))
    with pytest.raises(UnsupportedParameterError, match=field.split()[0].rstrip(":")):
        converter.load(path)
    assert any(field.split()[0].rstrip(":") in note for note in converter.load(path, allow_unknown=True).notes)
