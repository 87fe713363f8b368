"""Templates: `${NAME}` in a prototxt and the values that are put in its place, in both programs."""

from pathlib import Path

import numpy as np
import pytest

import converter
import reference
from converter.cli import main
from converter.errors import PrototxtError
from converter.formats.prototxt.templates import template_values
from reference.errors import TextError

TEXT = """name: "${NET}"
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }
layer { name: "fc_${NUM_LABELS}" type: "InnerProduct" bottom: "x" top: "y"
  inner_product_param { num_output: ${NUM_LABELS} bias_filler { type: "constant" value: ${BIAS} } } }
"""
VALUES = {"NUM_LABELS": 3, "BIAS": 0.5}


@pytest.fixture
def template(tmp_path) -> Path:
    path = tmp_path / "template.prototxt"
    path.write_text(TEXT)
    return path


def test_values_stand_in_words_and_in_strings_and_strings_may_stay_open(template):
    net = converter.read_net(template, values=VALUES)
    assert net.name == "${NET}"
    assert net.layers[1].name == "fc_3"
    assert converter.read_net(template, values={**VALUES, "NET": "toy"}).name == "toy"


def test_both_programs_run_a_filled_template(template):
    """Weights are filled with 0, the bias with 0.5: three outputs of 0.5."""
    module = converter.load(template, values=VALUES)
    oracle = reference.run(template, None, {"x": np.ones((1, 2))}, values=VALUES)
    assert module.blobs(x=np.ones((1, 2), np.float32))["y"].tolist() == [[0.5, 0.5, 0.5]]
    assert oracle["y"].tolist() == [[0.5, 0.5, 0.5]]


def test_an_open_place_says_what_it_is_and_where(template):
    with pytest.raises(
        PrototxtError, match=r"template\.prototxt:4:.*\$\{BIAS\} is a place .*--set BIAS=VALUE"
    ) as error:
        converter.read_net(template, values={"NUM_LABELS": 3})
    assert error.value.line == 4
    with pytest.raises(PrototxtError, match=r"all of this text: NET, NUM_LABELS, BIAS"):
        converter.read_net(template)
    with pytest.raises(TextError, match=r"template\.prototxt:4.*\$\{NUM_LABELS\} is a place"):
        reference.read_net(template)


def test_a_value_without_a_place_names_the_near_ones(template):
    with pytest.raises(PrototxtError, match=r"no \$\{NUM_LABEL\} stands in it.*it has \$\{NUM_LABELS\}"):
        converter.read_net(template, values={**VALUES, "NUM_LABEL": 3})
    with pytest.raises(TextError, match=r"holds no \$\{NUM_LABEL\}"):
        reference.read_net(template, values={**VALUES, "NUM_LABEL": 3})
    plain = template.with_name("plain.prototxt")
    plain.write_text(TEXT.replace("${NUM_LABELS}", "3").replace("${BIAS}", "0").replace("${NET}", "n"))
    with pytest.raises(PrototxtError, match="it leaves no place open"):
        converter.read_net(plain, values={"X": 1})


@pytest.mark.parametrize("value", ["3\n4", "3\x00"])
def test_values_that_would_move_lines_are_refused(template, value):
    with pytest.raises(PrototxtError, match="more than one line"):
        converter.read_net(template, values={**VALUES, "NET": value})
    with pytest.raises(TextError, match="one line"):
        reference.read_net(template, values={**VALUES, "NET": value})


def test_mistakes_behind_a_value_keep_their_line(template):
    with pytest.raises(PrototxtError) as error:
        converter.read_net(template, values={"NUM_LABELS": 3, "BIAS": "}{"})
    assert error.value.line == 4


def test_values_end_with_their_block_and_other_files_need_not_have_them(template):
    other = template.with_name("other.prototxt")
    other.write_text(TEXT.replace("${NUM_LABELS}", "3").replace("${BIAS}", "1"))
    with template_values(VALUES):
        assert len(converter.read_net(template).layers) == 2
        assert len(converter.read_net(other).layers) == 2
    with pytest.raises(PrototxtError, match="leaves open"):
        converter.read_net(template)


def test_the_commands_take_set(template, tmp_path, capsys):
    given = ["--set", "NUM_LABELS=3", "--set", "BIAS=0.5"]
    assert main(["inspect", str(template), *given]) == 0
    assert "1×3" in capsys.readouterr().out
    assert main(["verify", str(template), *given]) == 0
    assert main(["inspect", str(template)]) == 2
    assert main(["inspect", str(template), *given, "--set", "NUM_LABEL=2"]) == 2
    weights = tmp_path / "w.npz"
    np.savez(weights, **{"fc_3.weight": np.zeros((3, 2), np.float32), "fc_3.bias": np.ones(3, np.float32)})
    out = tmp_path / "w.safetensors"
    assert main(["convert", str(weights), str(out), "--prototxt", str(template), *given]) == 0
    assert main(["convert", str(weights), str(tmp_path / "w.py"), "--prototxt", str(template), *given]) == 0
    assert main(["convert", str(weights), str(tmp_path / "n.npz"), "--set", "A=1"]) == 2
    assert not (tmp_path / "n.npz").exists()
    with pytest.raises(SystemExit):
        main(["inspect", str(template), "--set", "=3"])


def test_the_oracle_s_command_takes_set(template, tmp_path):
    from reference.__main__ import main as oracle

    inputs = tmp_path / "x.npz"
    np.savez(inputs, x=np.ones((1, 2)))
    command = [str(template), "--input", str(inputs), "-o", str(tmp_path / "y.npz")]
    assert oracle([*command, "--set", "NUM_LABELS=2", "--set", "BIAS=1"]) == 0
    with np.load(tmp_path / "y.npz") as blobs:
        assert blobs["y"].tolist() == [[1, 1]]
    assert oracle([*command, "--set", "NUM_LABELS"]) == 2
