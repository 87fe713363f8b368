"""`python -m reference`: every blob into one file, or one line and exit code 2."""

import subprocess
import sys

import numpy as np
import pytest

from reference.__main__ import main
from tests.formula_weights import formula_image
from tests.places import GOLDENS, ROOT

KITTI = GOLDENS / "nets" / "mini" / "dilation7_kitti_mini"
NET, WEIGHTS = str(KITTI.with_suffix(".prototxt")), str(KITTI.with_suffix(".caffemodel"))


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, data=formula_image(436, 484)[None])
    return str(path)


def test_the_command_writes_every_blob(tmp_path, picture):
    out = tmp_path / "blobs.npz"
    command = [sys.executable, "-m", "reference", NET, WEIGHTS, "--input", picture, "-o", str(out)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    blobs = np.load(out)
    assert done.stdout == f"{out}: 28 blobs\n"
    assert len(blobs.files) == 28
    np.testing.assert_allclose(blobs["prob"], np.load(KITTI.with_suffix(".npz"))["out:prob"], atol=1e-5)
    assert blobs["prob"].dtype == np.float64


def test_blobs_can_be_chosen_and_kept_in_float32(tmp_path, picture):
    out = tmp_path / "blobs.npz"

    code = main([NET, WEIGHTS, "--input", picture, "-o", str(out), "--dtype", "float32", "--keep", "prob", "pool1"])

    assert code == 0
    blobs = np.load(out)
    assert blobs.files == ["pool1", "prob"]
    assert blobs["prob"].dtype == np.float32


def test_a_scalar_stays_a_scalar(tmp_path):
    net, inputs, out = tmp_path / "n.prototxt", tmp_path / "x.npz", tmp_path / "o.npz"
    net.write_text("""layer { name: "x" type: "Input" top: "x" }
        layer { name: "r" type: "Reduction" bottom: "x" top: "y" }""")
    np.savez(inputs, x=np.ones(3))

    assert main([str(net), "--input", str(inputs), "-o", str(out)]) == 0
    assert np.load(out)["y"].shape == ()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.prototxt"], "gone.prototxt: cannot be read"),
        ([NET, NET, "--input", "PICTURE"], "dilation7_kitti_mini.prototxt: "),
        ([NET, WEIGHTS], "no value for input 'data'"),
        ([NET, WEIGHTS, "--input", NET], "is no npz of plain arrays"),
        ([NET, WEIGHTS, "--input", "gone.npz"], "gone.npz: is no npz"),
        ([NET, WEIGHTS, "--input", "PICTURE", "--keep", "fc8"], "no blob 'fc8'"),
        ([NET, WEIGHTS, "--input", "PICTURE", "--max-memory", "much"], "--max-memory much: expected a size"),
        (
            [NET, WEIGHTS, "--input", "PICTURE", "--max-memory", "1M"],
            "takes 2532416 bytes of memory at 'data.npy'",
        ),
        ([NET, WEIGHTS, "--input", "PICTURE", "--max-memory", "6M"], "bytes; 6291456 are allowed"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2_and_no_file(tmp_path, picture, capsys, arguments, message):
    out = tmp_path / "blobs.npz"

    code = main([picture if argument == "PICTURE" else argument for argument in arguments] + ["-o", str(out)])

    seen = capsys.readouterr()
    assert code == 2
    assert seen.err.startswith("error: ")
    assert seen.err.count("\n") == 1
    assert message in seen.err
    assert not seen.out
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]


def test_an_output_that_cannot_be_written_is_an_error(tmp_path, picture, capsys):
    code = main([NET, WEIGHTS, "--input", picture, "-o", str(tmp_path / "no" / "folder.npz")])

    assert code == 2
    assert "cannot be written: No such file" in capsys.readouterr().err


def test_a_blobs_name_in_another_encoding_is_spelled_out(tmp_path):
    net, inputs, out = tmp_path / "n.prototxt", tmp_path / "x.npz", tmp_path / "o.npz"
    net.write_bytes(b"""layer { name: "x" type: "Input" top: "x" }
        layer { name: "r" type: "Power" bottom: "x" top: "\xd6\xd0" include { stage: "deploy" min_level: 2 } }""")
    np.savez(inputs, x=np.ones(3))

    assert main([str(net), "--input", str(inputs), "-o", str(out), "--stage", "deploy", "--level", "2"]) == 0
    assert np.load(out).files == ["x", "%D6%D0"]


def test_blobs_that_are_held_count_towards_the_limit(tmp_path, capsys):
    net, inputs, out = tmp_path / "n.prototxt", tmp_path / "x.npz", tmp_path / "o.npz"
    layers = [f'layer {{ name: "{n}" type: "Power" bottom: "{n - 1}" top: "{n}" }}' for n in range(1, 4)]
    net.write_text('layer { name: "0" type: "Input" top: "0" }' + "".join(layers))
    np.savez(inputs, **{"0": np.ones(1000)})
    given = [str(net), "--input", str(inputs), "-o", str(out), "--max-memory", "24000"]

    assert main(given) == 2  # four blobs of 8,000 bytes
    assert "layer '3' (Power): leaves 32000 bytes of blobs; 24000 are allowed" in capsys.readouterr().err
    assert main([*given, "--keep", "3"]) == 0
