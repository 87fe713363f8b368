"""What verify never passes, and what it only notes: numbers that are not finite, nothing to compare, ignored fields."""

import numpy as np
import pytest
import torch

import converter
from converter.cli import main
from converter.verify.verify import Verifier
from tests.places import GOLDENS

CASES = GOLDENS / "cases"
NAN = str(CASES / "nan.prototxt"), str(CASES / "nan.caffemodel")
PRODUCT = """input: "x" input_shape { dim: 1 dim: 2 }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 } }
"""


def ran(capsys, *arguments):
    """Exit code and the last line of `verify`."""
    code = main(["verify", *map(str, arguments)])
    printed = capsys.readouterr()
    return code, (printed.out + printed.err).strip().splitlines()[-1]


def text(tmp_path, words):
    path = tmp_path / "net.prototxt"
    path.write_text(words)
    return path


def test_a_nan_among_the_weights_fails_and_is_named_with_its_count(capsys):
    code, verdict = ran(capsys, *NAN)

    assert code == 1 and verdict.startswith("FAIL: ")
    assert "the weights of layer 'fc', blob 'weight': 1 of 12 numbers are NaN or infinite" in verdict
    assert "blob 'y' of the converter: 2 of 6 numbers are NaN or infinite" in verdict


def test_a_nan_passes_where_it_is_allowed(capsys):
    assert ran(capsys, *NAN, "--allow-nan")[0] == 0


def test_a_nan_in_the_report_fails_too(capsys, tmp_path):
    assert ran(capsys, *NAN, "--report", tmp_path / "r.html")[0] == 1
    page = (tmp_path / "r.html").read_text()
    assert "1 of 12 numbers are NaN or infinite" in page
    assert ">PASS<" not in page


def test_further_weights_that_are_not_finite_are_counted(tmp_path, capsys):
    np.savez(
        tmp_path / "w.npz", **{"fc.weight": np.float32([[np.nan, 1], [2, 3]]), "fc.bias": np.float32([np.inf] * 2)}
    )

    _, verdict = ran(capsys, text(tmp_path, PRODUCT), tmp_path / "w.npz")

    assert "'weight': 1 of 4 numbers are NaN or infinite, and 2 numbers of 1 other blobs" in verdict


def test_a_blob_that_is_not_finite_fails_without_weights_too(tmp_path, capsys):
    path = text(
        tmp_path,
        """input: "x" input_shape { dim: 1 dim: 3 }
        layer { name: "none" type: "Power" bottom: "x" top: "none" power_param { scale: 0 } }
        layer { name: "log" type: "Log" bottom: "none" top: "y" }""",
    )

    code, verdict = ran(capsys, path)

    assert code == 1
    assert "blob 'y' of the converter: 3 of 3 numbers are NaN or infinite" in verdict
    assert ran(capsys, path, "--allow-nan")[0] == 0


def test_stored_blobs_that_are_not_finite_fail(tmp_path, capsys):
    np.savez(tmp_path / "stored.npz", **{"in:data": np.ones((2, 4), np.float32), "out:y": np.full((2, 3), np.nan)})

    code, verdict = ran(capsys, *NAN, "--against", tmp_path / "stored.npz")

    assert code == 1
    assert "blob 'y' of stored.npz: 6 of 6" in verdict


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ('layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 1 } } }', "there is nothing to verify"),
        (
            'layer { name: "d" type: "Input" top: "x" include { stage: "deploy" } input_param { shape { dim: 1 } } }',
            "keeps no layer in phase test, level 0, stages none",
        ),
    ],
)
def test_a_net_that_computes_nothing_is_an_error(tmp_path, capsys, words, message):
    code, line = ran(capsys, text(tmp_path, words))

    assert code == 2
    assert message in line


def test_stages_and_levels_choose_layers_in_both_programs(tmp_path, capsys):
    path = text(
        tmp_path,
        """input: "x" input_shape { dim: 1 }
        layer { name: "a" type: "Power" bottom: "x" top: "a" include { stage: "deploy" } }
        layer { name: "b" type: "Power" bottom: "x" top: "b" include { min_level: 2 } }""",
    )

    assert ran(capsys, path)[0] == 2
    assert ran(capsys, path, "--stage", "deploy")[1].startswith("PASS: 2 blobs")
    assert ran(capsys, path, "--level", "2", "--stage", "deploy", "--stage", "more")[1].startswith("PASS: 3 blobs")


IGNORED = """input: "x" input_shape { dim: 1 dim: 2 }
layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 } } transform_param { scale: 0.5 } }
layer { name: "r" type: "ReLU" bottom: "x" top: "y" dropout_param { dropout_ratio: 0.2 } data_param { source: "s" } }
"""


def test_fields_that_caffe_ignores_are_notes(tmp_path, capsys):
    path = text(tmp_path, IGNORED)

    assert main(["verify", str(path)]) == 0
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: ")]

    assert [note.split(": ")[3] for note in notes] == ["transform_param", "dropout_param", "data_param"]
    assert all("of no effect, a message of another layer type" in note for note in notes)


def test_inspect_and_load_note_them_too(tmp_path, capsys):
    path = text(tmp_path, IGNORED)

    assert main(["inspect", str(path)]) == 0
    assert capsys.readouterr().out.count("of no effect") == 3
    assert sum("of no effect" in note for note in converter.load(path).notes) == 3


def test_inspect_counts_numbers_that_are_not_finite_and_load_notes_them(capsys, tmp_path):
    told = "layer 'fc' blob 0: 1 of 12 numbers are NaN or infinite"
    assert main(["inspect", *NAN]) == 0
    assert f"note: {told}\n" in capsys.readouterr().out
    assert told in converter.load(*NAN).notes

    arrays = {"fc.weight": np.float32([[np.nan, -np.inf], [2, 3]]), "fc.bias": np.float32([1, np.inf])}
    np.savez(tmp_path / "w.npz", **arrays)
    notes = converter.load(text(tmp_path, PRODUCT), tmp_path / "w.npz").notes
    assert "layer 'fc' blob weight: 2 of 4 numbers are NaN or infinite" in notes
    assert "layer 'fc' blob bias: 1 of 2 numbers are NaN or infinite" in notes


@pytest.mark.parametrize("words", ["relu_param { slope: 1 }", "strange_param { a: 1 }", "negative_slope: 0.1"])
def test_fields_that_might_change_a_number_are_an_error(tmp_path, capsys, words):
    path = text(
        tmp_path,
        f"""input: "x" input_shape {{ dim: 1 }}
        layer {{ name: "r" type: "ReLU" bottom: "x" top: "y" {words} }}""",
    )

    code, line = ran(capsys, path)

    assert code == 2
    assert "layer 'r'" in line


STATE = {"fc.bias": torch.tensor([1.0, 2.0]), "fc.weight": torch.arange(4.0).reshape(2, 2)}


@pytest.mark.parametrize(
    ("saved", "arguments"),
    [
        (STATE, []),
        ({f"module.{key}": value for key, value in STATE.items()}, []),
        ({"state_dict": STATE, "epoch": 3}, ["--key", "state_dict"]),
        ({"model": {"net": STATE, "other": 1}}, ["--key", "model.net"]),
    ],
)
def test_a_pth_is_read_for_the_oracle_by_torch_alone(tmp_path, capsys, saved, arguments):
    torch.save(saved, tmp_path / "w.pth")

    assert ran(capsys, text(tmp_path, PRODUCT), tmp_path / "w.pth", *arguments)[0] == 0


def test_the_oracle_gets_a_path_or_the_plain_dict_and_nothing_of_the_converters(tmp_path):
    path = text(tmp_path, PRODUCT)
    torch.save(STATE, tmp_path / "w.pth")
    np.savez(tmp_path / "w.npz", **{key: value.numpy() for key, value in STATE.items()})

    assert Verifier(path, tmp_path / "w.npz").oracle.weights == str(tmp_path / "w.npz")
    plain = Verifier(path, tmp_path / "w.pth").oracle.weights
    assert {key: value.tolist() for key, value in plain.items()} == {k: v.tolist() for k, v in STATE.items()}


def test_several_pth_with_commas_between_them_count_from_left_to_right(tmp_path, capsys):
    torch.save(STATE, tmp_path / "a.pth")
    torch.save({**STATE, "fc.bias": torch.zeros(2)}, tmp_path / "b.pth")
    both = f"{tmp_path / 'a.pth'},{tmp_path / 'b.pth'}"

    assert ran(capsys, text(tmp_path, PRODUCT), both)[0] == 0
    assert Verifier(tmp_path / "net.prototxt", both).oracle.weights["fc.bias"].tolist() == [0, 0]


def test_a_pth_beside_another_format_is_refused(tmp_path, capsys):
    torch.save(STATE, tmp_path / "a.pth")
    np.savez(tmp_path / "b.npz", **{key: value.numpy() for key, value in STATE.items()})

    code, line = ran(capsys, text(tmp_path, PRODUCT), f"{tmp_path / 'a.pth'},{tmp_path / 'b.npz'}")

    assert code == 2
    assert "mixes .pth with other formats" in line


def test_nothing_raw_of_a_name_reaches_the_terminal(tmp_path, capsys):
    path = text(
        tmp_path,
        r"""input: "x" input_shape { dim: 1 }
        layer { name: "\033[2Jname" type: "Log" bottom: "x" top: "\033[31m"
            log_param { scale: 0 } dropout_param { } }""",
    )

    assert main(["verify", str(path)]) == 1
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err
    assert "\\x1b[31m" in printed.out
