"""The oracle's own reading of prototxt."""

import pytest

from reference.errors import LayerError, TextError
from reference.params import Params
from reference.text import Message, Quoted, parse_text, read_text
from tests.places import ROOT


def test_every_spelling_of_a_field_reads():
    text = parse_text('a: 1 b { c: "x" } d: < e: FOO; > f: [1, 2, 3], g: \'it\'"s" # end\nh: - 5 i: [] j { }')

    assert text.word("a") == "1"
    assert text.messages("b")[0].word("c") == "x"
    assert text.messages("d")[0].word("e") == "FOO"
    assert text.words("f") == ["1", "2", "3"]
    assert text.word("g") == "its"
    assert text.word("h") == "-5"
    assert text.words("i") == []
    assert text.messages("j") == [Message(line=2)]


def test_quoted_and_bare_values_stay_apart():
    text = parse_text('type: "ReLU" type: RELU')

    assert [isinstance(word, Quoted) for word in text.words("type")] == [True, False]


def test_escapes_read_as_in_c():
    assert parse_text(r'a: "\"\n\t\x41\101\\"').word("a") == '"\n\tAA\\'


def test_lines_count_through_comments_and_windows_line_ends():
    text = parse_text("# one\r\n\r\nlayer {\r\n  name: 'x'\r\n}\r\n")

    assert text.named("layer")[0].line == 3
    assert text.messages("layer")[0].named("name")[0].line == 4


def test_a_byte_order_mark_and_any_encoding_read(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_bytes(b"\xef\xbb\xbfname: 'a'")
    assert read_text(path).word("name") == "a"

    path.write_bytes(b"name: '\xd6\xd0' name: '\xd6\xd1' name: 'caf\xc3\xa9'")
    assert [word.encode("utf-8", "surrogateescape") for word in read_text(path).words("name")] == [
        b"\xd6\xd0", b"\xd6\xd1", "café".encode(),
    ]  # fmt: skip


def test_escapes_name_bytes_and_bytes_make_letters():
    text = parse_text(r"""a: "caf\303\251" b: "\xc3" '\xa9' c: "\xd6\xd0" d: "é\n" """)

    assert text.word("a") == "café"
    assert text.word("b") == "é"
    assert text.word("c").encode("utf-8", "surrogateescape") == b"\xd6\xd0"
    assert text.word("d") == "é\n"


def test_a_text_with_surrogates_that_stand_for_no_byte_is_refused():
    with pytest.raises(TextError, match="net:1"):
        parse_text("a: '\ud800'", "net")


def test_unknown_fields_and_repeats_are_kept():
    text = parse_text("num: 1 num: 2 engine: MKL2017 ratio: 1/2")

    assert text.words("num") == ["1", "2"]
    assert text.word("num") == "2"
    assert text.word("engine") == "MKL2017"
    assert text.word("ratio") == "1/2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: {", "net:2: 'the end of the text' where a field's name"),
        ("a: 1\n}", "net:2: '}' where a field's name"),
        ("a 1", "net:1: '1' where ':' or '{' after 'a'"),
        ("a:", "net:1: 'the end of the text' where a value"),
        ("a: [1 2]", "net:1: '2' where ',' or ']'"),
        ("a: 'open\n'", 'net:1: "\'" opens a text that does not end'),
        ("a { b: 1 >", "net:1: '>' where a field's name"),
        ("a {" * 200, "net:1: .* at most 100 messages"),
        (": 1", "net:1: ':' where a field's name"),
    ],
)
def test_text_that_does_not_read_names_its_line(text, message):
    with pytest.raises(TextError, match=message) as caught:
        parse_text(text, "net")

    assert caught.value.path == "net"
    assert caught.value.line > 0


@pytest.mark.parametrize(
    "name",
    ["extra_brace", "list_with_gap", "list_without_comma", "lonely_minus", "open_string", "wrong_closer", "no_value"],
)
def test_files_that_are_no_protobuf_text_are_refused(name):
    path = ROOT / "tests" / "data" / "prototxt" / "invalid" / f"{name}.prototxt"

    with pytest.raises(TextError, match=name):
        read_text(path)


def test_a_binary_or_missing_file_is_one_clear_error(tmp_path):
    path = tmp_path / "net.prototxt"
    with pytest.raises(TextError, match="cannot be read: No such file"):
        read_text(path)

    path.write_bytes(b"\x0a\x03net\x00\x01")
    with pytest.raises(TextError, match=r"is a binary file; a prototxt \(text\) was expected"):
        read_text(path)


def view(text, kind="convolution_param"):
    """A typed view of some fields."""
    return Params(kind, [parse_text(text)], "layer 'c' (Convolution)", "net")


def test_numbers_read_in_every_base_and_floats_round_to_float32():
    assert view("num_output: 0x10").integer("num_output") == 16
    assert view("num_output: 010").integer("num_output") == 8
    assert view("negative_slope: 0.1f", "relu_param").real("negative_slope") == 0.10000000149011612
    assert view("", "batch_norm_param").real("eps") == 9.999999747378752e-06
    assert view("negative_slope: -inf", "relu_param").real("negative_slope") == float("-inf")


def test_the_last_of_a_scalar_counts_and_enums_read_by_number():
    assert view("num_output: 1 num_output: 2").integer("num_output") == 2
    assert view("pool: 1", "pooling_param").choice("pool") == "AVE"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("num_output: 1.5", lambda params: params.integer("num_output")),
        ("num_output { }", lambda params: params.integer("num_output")),
        ("bias_term: maybe", lambda params: params.flag("bias_term")),
        ("engine: FAST", lambda params: params.choice("engine")),
    ],
)
def test_a_value_of_the_wrong_kind_names_field_layer_and_line(text, read):
    field = text.partition(":")[0].split()[0]

    with pytest.raises(LayerError, match=f"net:1: layer 'c' .Convolution.: field '{field}' is") as caught:
        read(view(text))

    assert caught.value.layer == "c"


def test_a_missing_field_without_default_is_an_error():
    with pytest.raises(LayerError, match="field 'num_output' is missing"):
        view("").integer("num_output")
