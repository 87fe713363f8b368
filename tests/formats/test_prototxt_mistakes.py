import random

import pytest

from converter.errors import PrototxtError
from converter.formats.prototxt.parser import parse_prototxt, read_prototxt
from tests.places import GOLDENS, ROOT

DATA = ROOT / "tests" / "data" / "prototxt"


def refusal(text, kind="NetParameter"):
    with pytest.raises(PrototxtError) as caught:
        parse_prototxt(text, kind, "net.prototxt")
    return caught.value


# The file: line, column, and what the message must say.
MISTAKES = {
    "bad_octal": (1, 12, "cannot be '089'"),
    "extra_brace": (1, 21, "unexpected '}'; expected a field name"),
    "fraction_for_integer": (2, 36, "'kernel_size' cannot be '3.5'; expected a whole number"),
    "list_with_gap": (1, 26, "unexpected ']'; expected a value"),
    "list_without_comma": (1, 26, "unexpected '224'; expected ',' or ']'"),
    "lonely_minus": (1, 24, "expected a number behind the minus sign"),
    "message_for_number": (2, 31, "'kernel_size' is of type int; seen a message"),
    "negative_count": (2, 35, "expected a whole number from 0"),
    "no_colon": (2, 7, "expected ':' or '{' after 'name'"),
    "no_value": (2, 1, "expected a value of 'name'"),
    "number_for_message": (2, 22, "'convolution_param' holds a message; seen '3'"),
    "number_for_string": (1, 15, "'name' cannot be '7'; expected a string in quotes"),
    "number_with_letters": (1, 12, "'3x4' is not a number"),
    "open_message": (2, 7, "the message of 'layer' is never closed"),
    "open_string": (3, 9, 'without the closing "'),
    "slashes": (2, 1, "// begins no comment here; write #"),
    "strange_character": (2, 7, "unexpected character '@'"),
    "string_for_enum": (1, 31, "expected a word such as MAX"),
    "string_for_number": (3, 17, "'num_output' cannot be the string 'abc'; expected a whole number"),
    "type_in_layers": (
        1,
        16,
        "expected a word such as CONVOLUTION in layers { ... }; a type in quotes stands in layer { ",
    ),
    "word_for_bool": (2, 34, "'bias_term' cannot be 'maybe'; expected true or false"),
    "wrong_closer": (1, 19, "unexpected '}'; expected a field name or '>'"),
}


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_a_mistake_is_told_with_line_column_and_a_caret_under_the_spot(name):
    line, column, said = MISTAKES[name]
    path = DATA / "invalid" / f"{name}.prototxt"
    with pytest.raises(PrototxtError) as caught:
        read_prototxt(path)
    error = caught.value
    assert (error.path, error.line, error.column) == (str(path), line, column)
    first, shown, caret = str(error).split("\n")
    assert first.startswith(f"{path}:{line}:{column}: ")
    assert said in first
    source = path.read_text().split("\n")[line - 1]
    assert shown == "    " + source
    assert caret[4:].replace("\t", " ") == " " * (column - 1) + "^"


def test_every_file_under_invalid_is_in_the_table():
    assert {path.stem for path in (DATA / "invalid").iterdir()} == set(MISTAKES) | {"empty"}


def test_the_excerpt_of_a_long_line_is_short_and_its_caret_stands_right():
    error = refusal("x" * 3 + ": 1 " * 1 + "name: " + '"' + "a" * 5000 + '" @ ' + "b: 1 " * 500)
    _, shown, caret = str(error).split("\n")
    assert len(shown) < 120
    assert shown[caret.index("^")] == "@"


@pytest.mark.parametrize("opener", ["layer {", "layer <", "a: {", "state { x {"])
def test_deep_nesting_is_refused_without_recursion(opener):
    assert "nest deeper than 100" in refusal(opener * 100_000).message


def test_a_hundred_levels_are_read():
    assert parse_prototxt("a {" * 100 + "}" * 100).last("a") is not None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n# only a comment\n", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n", "git-LFS pointer"),
        (b"<!DOCTYPE html>\n<html><body>404</body></html>", "web page"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "PNG image"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG image"),
        (b"\x89HDF\r\n\x1a\n\x00", "HDF5 file"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04\x14", "zip archive"),
        (b"\x00" * 64, "binary file"),
        (b'name: "x"\nlayer {\n\x00\x00\x00\x00', "binary file"),
        (b"404: Not Found", "unexpected '404'; expected a field name"),
    ],
)
def test_a_file_that_is_no_prototxt_is_called_by_its_name(tmp_path, content, said):
    path = tmp_path / "net.prototxt"
    path.write_bytes(content)
    with pytest.raises(PrototxtError, match=said) as caught:
        read_prototxt(path)
    assert str(caught.value).startswith(str(path))


def test_a_caffemodel_given_as_a_prototxt_is_called_binary():
    with pytest.raises(PrototxtError, match="binary file, not a prototxt; weights"):
        read_prototxt(GOLDENS / "nets" / "formats" / "v1_v2.caffemodel")


def test_nul_bytes_far_into_a_text_are_refused_where_they_stand(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_bytes(b"input_dim: 1\n" * 200 + b"\x00")
    with pytest.raises(PrototxtError, match="unexpected character") as caught:
        read_prototxt(path)
    assert (caught.value.line, caught.value.column) == (201, 1)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(PrototxtError, match="cannot be read: No such file"):
        read_prototxt(tmp_path / "absent.prototxt")
    with pytest.raises(PrototxtError, match="cannot be read: Is a directory"):
        read_prototxt(tmp_path)


def test_a_file_larger_than_any_prototxt_is_refused_unread(tmp_path):
    path = tmp_path / "huge.prototxt"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(PrototxtError, match="holds 50000000 bytes"):
        read_prototxt(path)


@pytest.mark.parametrize("piece", ["#" + "x" * 4_000_000, " " * 4_000_000, '"' + "\\" * 4_000_001, "9" * 4_000_000])
def test_hostile_runs_of_one_character_are_read_in_linear_time(piece):
    assert refusal("name: " + piece).line == 1


def test_a_solver_where_a_net_was_asked_for_is_told_as_such():
    error = refusal('# solver\nnet: "train.prototxt"\nbase_lr: 0.01\n')
    assert "this is a solver" in error.message
    assert (error.line, error.column) == (2, 1)


def test_a_net_where_a_solver_was_asked_for_is_told_as_such():
    error = refusal('name: "x" layer { name: "a" }', "SolverParameter")
    assert "this is a net" in error.message
    assert error.column == 11


def test_any_damage_to_a_net_is_a_net_or_a_prototxt_error():
    text = (GOLDENS / "nets" / "formats" / "v1_upgraded.prototxt").read_text()
    dice = random.Random(5)
    places = []
    for _ in range(300):
        spot = dice.randrange(len(text))
        damaged = text[:spot] + dice.choice(["", "{", "}", '"', ":", "-", "[", "x", "\x00", "é"]) + text[spot + 1 :]
        try:
            parse_prototxt(damaged)
        except PrototxtError as error:
            places.append((error.line, error.column))
    assert len(places) > 100
    assert min(places) >= (1, 1)
