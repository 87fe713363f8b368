"""`dilatednet inspect`: the paper's receptive fields, counts by arithmetic, and what is unknown, told."""

import pytest

from converter.cli import main
from converter.plan.inspection import inspect_net
from tests.places import GOLDENS

FULL = GOLDENS / "nets/full/dilation8_pascal_voc.prototxt"


def context_alone(folder):
    """The Large context module on a 66×66 map, cut out of the full net's prototxt."""
    text = FULL.read_text()
    path = folder / "context.prototxt"
    head = 'name: "context" input: "fc-final" input_shape { dim: 1 dim: 21 dim: 66 dim: 66 }\n'
    path.write_text(head + text[text.index('layer { name: "ct_conv1_1"') :])
    return path


def test_the_context_modules_receptive_fields_are_the_papers(tmp_path):
    """Table 1: 3 5 9 17 33 65 67 67."""
    rows = inspect_net(context_alone(tmp_path)).rows

    assert [row.receptive_field.field[0] for row in rows if row.type == "Convolution"] == [3, 5, 9, 17, 33, 65, 67, 67]


def test_the_front_end_sees_380_pixels_at_a_stride_of_8():
    final = next(row for row in inspect_net(FULL).rows if row.name == "fc-final")

    assert (final.receptive_field.field, final.receptive_field.stride) == ((380, 380), (8.0, 8.0))


def test_parameters_and_multiply_adds_by_arithmetic():
    """fc6: 512 × 4096 × 7 × 7 weights and 4096 biases; each weight once at each of 66 × 66 places."""
    rows = inspect_net(FULL).rows
    fc6 = next(row for row in rows if row.name == "fc6")

    assert fc6.parameters == 512 * 4096 * 49 + 4096
    assert fc6.multiply_adds == 512 * 4096 * 49 * 66 * 66
    assert sum(row.parameters for row in rows) == 141_149_720


def test_what_is_unknown_is_told_and_makes_the_exit_code_2(tmp_path, capsys):
    path = tmp_path / "net.prototxt"
    path.write_text(
        'input: "x" input_shape { dim: 1 dim: 2 }\n'
        'layer { name: "a" type: "Foo" bottom: "x" top: "y" bar_param { z: 1 } }\n'
    )

    assert main(["inspect", str(path)]) == 2
    out = capsys.readouterr().out
    assert "Foo (unknown)" in out
    assert f"problem: {path}:2" in out


def test_weights_that_do_not_fit_are_told(capsys):
    weights = GOLDENS / "nets/mini/dilation7_kitti_mini.caffemodel"

    assert main(["inspect", str(FULL), str(weights)]) == 2
    assert "problem: " in capsys.readouterr().out


@pytest.mark.draw
@pytest.mark.parametrize("ending", ["html", "svg"])
def test_the_net_is_drawn_into_the_file_named(ending, tmp_path, capsys):
    target = tmp_path / f"net.{ending}"

    assert main(["inspect", str(FULL), "--report", str(target)]) == 0
    assert f"drawing: {target}" in capsys.readouterr().out
    assert "ct_conv1_1 (Convolution)" in target.read_text()


def test_a_drawing_of_another_ending_is_refused_before_anything_is_read(tmp_path, capsys):
    assert main(["inspect", str(tmp_path / "missing.prototxt"), "--report", str(tmp_path / "net.pdf")]) == 2
    assert "a drawing of a net ends in .html or .svg; name such a file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.draw
def test_a_net_that_does_not_build_is_told_and_not_drawn(tmp_path, capsys):
    path = tmp_path / "net.prototxt"
    path.write_text('layer { name: "a" type: "Foo" top: "y" }\n')

    assert main(["inspect", str(path), "--report", str(tmp_path / "net.svg")]) == 2
    streams = capsys.readouterr()
    assert f"problem: {path}:1" in streams.out
    assert "cannot be drawn: its shapes are not known" in streams.err
    assert not (tmp_path / "net.svg").exists()
