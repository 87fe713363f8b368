import math

import pytest

from converter.errors import PrototxtError
from converter.formats.prototxt.parser import kind_of, parse_prototxt, read_prototxt
from converter.formats.record import Where, Word
from tests.places import GOLDENS, ROOT, SHARED
from tests.plain_records import flat

DATA = ROOT / "tests" / "data" / "prototxt"


def layer_of(text, kind):
    """The parameter message `kind` of a net with one layer."""
    layer = parse_prototxt(f"layer {{ {kind} {{ {text} }} }}").last("layer")
    return layer.last(kind)


def test_every_spelling_of_the_text_format_reads():
    net = read_prototxt(DATA / "valid" / "spellings.prototxt")
    assert flat(net) == [
        ("name", "single and double!\nA\\"),
        ("force_backward", True),
        ("debug_info", False),
        ("state", [("phase", "TEST"), ("level", -16), ("stage", "a"), ("stage", "b"), ("stage", "c")]),
        ("input_shape", [("dim", 8), ("dim", 31), ("dim", 3)]),
        ("input_shape", [("dim", -1)]),
        (
            "layer",
            [
                ("name", "numbers"),
                ("type", "Power"),
                ("power_param", [("power", 1.0), ("scale", 0.5), ("shift", -0.0025)]),
                ("loss_weight", math.inf),
                ("loss_weight", -math.inf),
                ("loss_weight", 1000.0),
            ],
        ),
        ("layer", [("name", "x")]),
        ("layer", [("name", "y")]),
    ]
    assert all(item.known for item in net)


def test_a_byte_order_mark_and_crlf_do_not_shift_positions():
    net = read_prototxt(DATA / "valid" / "bom_crlf.prototxt")
    path = str(DATA / "valid" / "bom_crlf.prototxt")
    name, layer = net.fields
    assert (name.value, name.where) == ("bom and crlf", Where(path, 1, 1))
    assert layer.value.fields[1].where == Where(path, 5, 3)


def test_bytes_that_are_no_utf_8_are_kept():
    assert read_prototxt(DATA / "valid" / "latin1.prototxt").last("name") == "caf\udce9"


def test_what_forks_add_is_kept_with_its_position():
    net = read_prototxt(DATA / "valid" / "forks.prototxt")
    path = str(DATA / "valid" / "forks.prototxt")
    conv, roi = net.last("layer"), net.last("layers")
    unknown = [item for item in conv if not item.known]
    assert [(item.name, item.where) for item in unknown] == [("quantization_param", Where(path, 5, 3))]
    assert flat(unknown[0].value) == [
        ("scale", 0.5),
        ("scale", 1),
        ("precise", Word("true")),
        ("bits", 8),
        ("name", "q"),
        ("inner", [("ratio", 0.01)]),
    ]
    assert unknown[0].value.kind == ""
    assert not any(item.known for item in unknown[0].value)
    assert [item.name for item in net if not item.known] == ["engine"]
    param = conv.last("convolution_param")
    assert param.all("num_output") == (2, 4)
    assert param.last("num_output") == 4
    hole = next(item for item in param if item.name == "hole")
    assert (hole.value, hole.known, hole.where.line) == (2, False, 4)
    engine = next(item for item in param if item.name == "engine")
    assert engine.known
    assert isinstance(engine.value, Word)
    assert engine.value == "MKL2017"
    assert param.last("weight_filler").last("variance_norm") == Word("AVERAGE")
    assert isinstance(conv.last("type"), Word)
    assert conv.last("type") == "Convolution"
    assert isinstance(roi.last("type"), Word)
    assert roi.last("type") == "ROI_POOLING"


def test_values_have_the_types_of_the_schema():
    lrn = layer_of("local_size: 5 alpha: 1 norm_region: 1 k: nan", "lrn_param")
    assert [type(item.value) for item in lrn] == [int, float, Word, float]
    assert lrn.last("norm_region") == "WITHIN_CHANNEL"
    assert math.isnan(lrn.last("k"))
    pooling = layer_of("global_pooling: 1 pool: 9", "pooling_param")
    assert pooling.last("global_pooling") is True
    assert pooling.last("pool") == Word("9")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r'"\x41\102\n\t\"\'"', "AB\n\t\"'"),
        (r'"\303\251"', "é"),
        (r'"\351"', "\udce9"),
        (r'"é"', "é"),
        (r'"\u00e9\U0001F600"', "é\U0001f600"),
        ('\'say "hi"\' "#no comment"', 'say "hi"#no comment'),
        ('""', ""),
    ],
)
def test_escapes_in_strings_mean_bytes(written, meant):
    assert parse_prototxt(f"name: {written}").last("name") == meant


def test_an_unknown_field_keeps_signs_and_words():
    net = parse_prototxt("a: -3 b: -1.5e1 c: - inf d: some/path.txt e: 0x10 f: 99999999999999999999")
    assert flat(net) == [
        ("a", -3), ("b", -15.0), ("c", -math.inf), ("d", "some/path.txt"), ("e", 16), ("f", 99999999999999999999),
    ]  # fmt: skip


def test_comments_and_braces_inside_strings_are_text():
    net = parse_prototxt('name: "a # b { c" # { name: "no"\nforce_backward: true#end')
    assert flat(net) == [("name", "a # b { c"), ("force_backward", True)]


def test_the_kind_of_a_record_is_told_by_its_fields():
    assert kind_of(parse_prototxt('input: "data"')) == "NetParameter"
    assert kind_of(parse_prototxt("max_iter: 3", "SolverParameter")) == "SolverParameter"
    assert kind_of(parse_prototxt('name: "x"')) == ""


def test_a_solver_file_reads_with_its_types():
    solver = parse_prototxt(
        'net: "n.prototxt" base_lr: 1e-3 stepvalue: [2, 4] solver_mode: GPU test_state { stage: "val" }',
        "SolverParameter",
    )
    assert flat(solver) == [
        ("net", "n.prototxt"), ("base_lr", 0.001), ("stepvalue", 2), ("stepvalue", 4), ("solver_mode", "GPU"),
        ("test_state", [("stage", "val")]),
    ]  # fmt: skip


def test_every_golden_prototxt_reads_without_an_unknown_net_field():
    paths = sorted(path for path in GOLDENS.rglob("*.prototxt") if path.parent.name != "solver")
    assert len(paths) > 300
    for path in paths:
        assert all(item.known for item in read_prototxt(path)), path


@pytest.mark.corpus
@pytest.mark.parametrize("part", range(4))
def test_every_well_formed_file_of_the_corpus_reads(part):
    malformed = {"rnet480.prototxt"}  # a stray word stands between two fields
    files = sorted(path for path in (SHARED / "corpus" / "prototxt").rglob("*") if path.is_file())
    assert len(files) >= 584
    refused = set()
    for path in files[part::4]:
        try:
            _read_either(path)
        except PrototxtError:
            refused.add(path.name)
    assert refused == malformed & {path.name for path in files[part::4]}


def _read_either(path):
    try:
        return read_prototxt(path)
    except PrototxtError as error:
        if "this is a solver" not in error.message:
            raise
    return read_prototxt(path, "SolverParameter")
