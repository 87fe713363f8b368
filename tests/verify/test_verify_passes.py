import re

import numpy as np
import pytest

from converter.cli import main
from converter.verify.verify import BASES, Verifier
from tests.verify.formula_files import KITTI, MINI, NETS, formula_weights, stored_by_caffe


def net_and_weights(folder, model):
    return [str(MINI / f"{model}_mini.prototxt"), str(formula_weights(folder, model))]


@pytest.mark.parametrize("model", NETS)
def test_every_published_net_passes_three_ways(tmp_path, capsys, model):
    assert main(["verify", *net_and_weights(tmp_path, model), "--model", model]) == 0
    out = capsys.readouterr().out
    assert out.count("verdict") == 3
    assert f"DilatedNet {model} against CaffeModule" in out
    assert out.splitlines()[-1].startswith("PASS: ")
    assert "FAIL" not in out


@pytest.mark.parametrize("model", NETS)
def test_every_published_net_passes_against_what_caffe_stored(tmp_path, capsys, model):
    size = tuple(int(side) for side in re.findall(r"dim: (\d+)", (MINI / f"{model}_mini.prototxt").read_text())[2:4])
    stored = stored_by_caffe(tmp_path / "caffe.npz", model, size)
    assert main(["verify", *net_and_weights(tmp_path, model), "--against", str(stored)]) == 0
    with np.load(stored) as arrays:
        names = {key.partition(":")[2] for key in arrays.files if not key.startswith("in:")}
    assert f"PASS: {len(names)} blobs of 1 input" in capsys.readouterr().out


@pytest.mark.parametrize("model", NETS)
def test_float64_agrees_within_1e_12_of_every_blobs_scale(tmp_path, model):
    net, weights = net_and_weights(tmp_path, model)
    verifier = Verifier(net, weights, dtype="float64")
    shape = verifier.plan.inputs["data"]
    values = np.random.default_rng(3).uniform(-100, 100, shape).astype(np.float32)
    (check,) = verifier.check({"data": values})
    assert check.comparison.passed
    assert max(row.relative for row in check.comparison.rows) <= 1e-12


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_short_type_passes_within_its_own_tolerance_and_would_not_within_float32s(capsys, dtype):
    assert main(["verify", f"{KITTI}.prototxt", f"{KITTI}.caffemodel", "--dtype", dtype]) == 0
    limits, errors = [], []
    for line in capsys.readouterr().out.splitlines():
        cells = re.split(r"  +", line.strip())
        if cells[-1] == "ok" and cells[0].startswith("conv"):
            errors.append(float(cells[3]))
            limits.append(float(cells[-2]))
    assert len(errors) == 13
    assert max(errors) > 20 * BASES["float32"]
    # conv1_1 is one sum deep: base times the square root of 2.
    assert limits[0] == pytest.approx(BASES[dtype] * 2**0.5, rel=0.05)


def test_hdf5_and_safetensors_weights_pass_as_the_caffemodel_does(tmp_path, capsys):
    assert main(["verify", f"{KITTI}.prototxt", f"{KITTI}.caffemodel.h5"]) == 0
    converted = tmp_path / "kitti.safetensors"
    assert main(["convert", f"{KITTI}.caffemodel", str(converted)]) == 0
    assert main(["verify", f"{KITTI}.prototxt", str(converted)]) == 0
    verdicts = [line for line in capsys.readouterr().out.splitlines() if line.startswith("PASS: 28 blobs")]
    assert len(verdicts) == 2 and verdicts[0] == verdicts[1]


def test_without_weights_both_sides_get_the_same_fillers(tmp_path, capsys):
    net = tmp_path / "net.prototxt"
    net.write_text(
        'name: "n" input: "data" input_shape { dim: 1 dim: 3 dim: 7 dim: 6 }\n'
        'layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 4 kernel_size: 3'
        ' weight_filler { type: "xavier" } bias_filler { type: "constant" value: 0.5 } } }\n'
    )
    assert main(["verify", str(net)]) == 0
    assert "PASS: 2 blobs" in capsys.readouterr().out


def test_another_seed_gives_another_input(capsys):
    assert main(["verify", f"{KITTI}.prototxt", f"{KITTI}.caffemodel", "--seed", "1"]) == 0
    first = capsys.readouterr().out
    assert main(["verify", f"{KITTI}.prototxt", f"{KITTI}.caffemodel", "--seed", "2"]) == 0
    second = capsys.readouterr().out
    assert "random input, seed 1" in first and "random input, seed 2" in second
    assert [line for line in first.splitlines() if line.startswith("conv")] != [
        line for line in second.splitlines() if line.startswith("conv")
    ]


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_gpu_passes(dtype):
    given = ["verify", f"{KITTI}.prototxt", f"{KITTI}.caffemodel", "--model", "kitti"]
    assert main([*given, "--device", "cuda", "--dtype", dtype]) == 0
