"""scripts/make-goldens with a stand-in for Caffe: what it makes must equal what genuine Caffe stored."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from converter.formats.prototxt.parser import parse_prototxt
from tests.places import GOLDENS, ROOT
from tests.scripts import fake_caffe

SCRIPT = ROOT / "scripts" / "make-goldens"


@pytest.fixture
def make_goldens(monkeypatch, tmp_path):
    """The command, with the stand-in as `caffe`."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    monkeypatch.setitem(sys.modules, "caffe", fake_caffe.module(tmp_path))
    from goldens_maker import command

    return command


@pytest.mark.parametrize(
    "group",
    [
        *("layers", "forks/ssd_yolo", "forks/segnet", "forks/pspnet", "forks/faster_rcnn"),
        *("nets/mini", "nets/fillers", "nets/identity", "nets/solver", "nets/formats"),
    ],
)
def test_a_group_made_again_agrees_with_what_caffe_stored(make_goldens, tmp_path, monkeypatch, capsys, group):
    if group == "nets/fillers":  # fyu's fork filled them
        monkeypatch.setattr("converter.net.net.is_dilation_fork", lambda _: True)
    assert make_goldens.main(["--only", group, "-o", str(tmp_path), "--compare", str(GOLDENS)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "every array agrees with the stored one"
    made, stored = ({path.name for path in (root / group).glob("*.npz")} for root in (tmp_path, GOLDENS))
    assert made == stored


def test_what_is_made_holds_the_stored_keys_in_their_order_and_types(make_goldens, tmp_path):
    assert make_goldens.main(["--only", "layers", "-o", str(tmp_path)]) == 0
    for path in sorted((GOLDENS / "layers").glob("*.npz")):
        with np.load(path) as stored, np.load(tmp_path / "layers" / path.name) as made:
            assert made.files == stored.files
            assert [made[key].dtype for key in made.files] == [stored[key].dtype for key in stored.files]


def one_image(tmp_path, monkeypatch, make_goldens, name, net):
    """A folder of stored goldens with one image alone."""
    folder = tmp_path / "stored" / "predict"
    folder.mkdir(parents=True)
    for file in (f"{name}.npz", f"{name}_image.png", f"{net}.prototxt"):
        shutil.copy(GOLDENS / "predict" / file, folder / file)
    monkeypatch.setattr(make_goldens, "STORED", tmp_path / "stored")
    return tmp_path / "stored"


@pytest.mark.parametrize(
    ("name", "net"),
    [
        pytest.param("pascal_voc_97x61", "dilation8_pascal_voc_mini", marks=pytest.mark.slow),
        pytest.param("pascal_voc_600x700", "dilation8_pascal_voc_mini", marks=pytest.mark.slow),
        pytest.param("cityscapes_1024x2048", "dilation10_cityscapes_mini", marks=pytest.mark.slow),
    ],
)
def test_a_image_labelled_again_agrees_but_for_ties(make_goldens, tmp_path, monkeypatch, capsys, name, net):
    stored = one_image(tmp_path, monkeypatch, make_goldens, name, net)
    target = tmp_path / "made"
    assert make_goldens.main(["--only", "predict", "-o", str(target), "--compare", str(stored)]) == 0
    with np.load(target / "predict" / f"{name}.npz") as made, np.load(stored / "predict" / f"{name}.npz") as golden:
        # the stand-in computes in float64: of Cityscapes' two million pixels four are so close to a tie that it shows
        assert (made["labels"] != golden["labels"]).sum() <= (4 if "cityscapes" in name else 0)


def test_what_differs_is_told_by_file_and_array(make_goldens, tmp_path, monkeypatch, capsys):
    forward = fake_caffe.Net.forward

    def wrong(net):
        forward(net)
        if "TanH_00" in net._prototxt:
            net.blobs["y"].data[...] += 1e-3

    monkeypatch.setattr(fake_caffe.Net, "forward", wrong)
    assert make_goldens.main(["--only", "layers", "-o", str(tmp_path), "--compare", str(GOLDENS)]) == 1
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("layers/")]
    assert len(told) == 1 and told[0].startswith("layers/TanH_00.npz: out:y: off by 0.001")


def test_a_type_that_the_build_lacks_is_left_out_and_told(make_goldens, tmp_path, capsys):
    sys.modules["caffe"].layer_type_list = lambda: ["Input", "Axpy"]
    given = ["--only", "forks/ssd_yolo", "-o", str(tmp_path), "--compare", str(GOLDENS)]
    assert make_goldens.main(given) == 1
    out = capsys.readouterr().out
    assert "ReLU6_00: left out, this build has no ReLU6" in out and "forks/ssd_yolo/ReLU6_00.npz: not made" in out
    assert "Axpy_00.npz\n" in out and "forks/ssd_yolo/Axpy" not in out


def test_a_fillers_type_is_no_layers_type(make_goldens):
    from goldens_maker.build import layer_types

    assert layer_types(GOLDENS / "layers" / "Convolution_00.prototxt") == ["Input", "Convolution"]


def test_the_data_layers_nets_say_what_the_stored_cases_say(make_goldens):
    from goldens_maker.data import bin_net, image_net
    from goldens_maker.golden import Golden

    text = image_net(Golden(GOLDENS / "nets" / "data" / "case_b.npz"))
    (layer,) = parse_prototxt(text).all("layer")
    settings = layer.last("image_label_data_param")
    # case_b: images cut to 100, labels of 10 by 10; margin and stride as the golden holds them
    assert layer.last("transform_param").last("crop_size") == 100
    assert list(settings.last("label_slice").all("dim")) == [10, 10] and settings.last("batch_size") == 3
    text = bin_net(Golden(GOLDENS / "nets" / "data" / "bin_f.npz"))
    settings = parse_prototxt(text).all("layer")[0].last("bin_label_data_param")
    assert list(settings.last("bin_slice").all("offset")) == [0, 1] and settings.last("mirror") is False
    assert list(settings.last("label_slice").all("stride")) == [16, 16]


def run(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)


def test_the_list_names_every_folder_of_goldens_and_needs_no_caffe():
    listed = run("--list")
    assert listed.returncode == 0
    # worked out from Caffe's rules, or made by Python layers or a header alone, as their README says
    by_hand = {"cases", "forks/py_faster_rcnn", "gabor"}
    folders = {str(path.parent.relative_to(GOLDENS)) for path in GOLDENS.rglob("*.npz")} - by_hand
    assert {line.split()[0] for line in listed.stdout.splitlines()} == folders


def test_without_caffe_it_says_what_to_do(tmp_path):
    refused = run("-o", str(tmp_path))
    assert refused.returncode == 2 and "PYTHONPATH" in refused.stderr and "Traceback" not in refused.stderr
    assert not list(tmp_path.iterdir())


def test_it_never_writes_over_the_stored_goldens():
    refused = run("-o", str(GOLDENS))
    assert refused.returncode == 2 and "--compare" in refused.stderr
