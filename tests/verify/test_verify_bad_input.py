"""Each mistake ends with exit code 2 and one line that names the file and what is wrong with it."""

import os
import zipfile

import numpy as np
import pytest

from converter.cli import main
from tests.places import GOLDENS
from tests.verify.formula_files import KITTI, stored_by_caffe

NET, WEIGHTS = f"{KITTI}.prototxt", f"{KITTI}.caffemodel"


def refusal(capsys, *arguments):
    """The one line that a refused command prints."""
    assert main(["verify", *map(str, arguments)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert "Traceback" not in lines[0] and lines[0].startswith("dilatednet verify: ")
    return lines[0]


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    path = stored_by_caffe(tmp_path_factory.mktemp("golden") / "caffe.npz", "dilation7_kitti", (436, 484))
    with np.load(path) as stored:
        return dict(stored)


def against(capsys, path):
    return refusal(capsys, NET, WEIGHTS, "--against", path)


def saved(path, arrays):
    np.savez(path, **arrays)
    return path


def test_weights_of_another_net_name_what_is_missing_and_what_is_too_much(capsys):
    line = refusal(capsys, NET, GOLDENS / "layers" / "Convolution_00.caffemodel")
    assert "missing from the file: conv1_1" in line and "not in the net: target" in line


def test_a_net_that_is_not_there(capsys, tmp_path):
    assert str(tmp_path / "none.prototxt") in refusal(capsys, tmp_path / "none.prototxt", WEIGHTS)


def test_weights_that_are_not_there(capsys, tmp_path):
    assert str(tmp_path / "none.caffemodel") in refusal(capsys, NET, tmp_path / "none.caffemodel")


def test_weights_that_are_cut_off(capsys, tmp_path):
    (tmp_path / "cut.caffemodel").write_bytes(KITTI.with_suffix(".caffemodel").read_bytes()[:5000])
    assert "cut.caffemodel" in refusal(capsys, NET, tmp_path / "cut.caffemodel")


def test_a_image_that_is_not_there(capsys, tmp_path):
    assert "no such image" in refusal(capsys, NET, WEIGHTS, "--image", tmp_path / "none.png")


def test_a_image_that_is_text(capsys, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    assert "text.png: cannot be read" in refusal(capsys, NET, WEIGHTS, "--image", tmp_path / "text.png")


def test_a_image_that_is_cut_off(capsys, tmp_path):
    whole = (GOLDENS / "predict" / "kitti_370x1226_image.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    assert "cut.png: cannot be read" in refusal(capsys, NET, WEIGHTS, "--image", tmp_path / "cut.png")


def test_a_image_for_a_net_that_takes_none(capsys):
    net, picture = GOLDENS / "layers" / "InnerProduct_00", GOLDENS / "predict" / "kitti_370x1226_image.png"
    line = refusal(capsys, f"{net}.prototxt", f"{net}.caffemodel", "--image", picture)
    assert "images need one input (n, 3, h, w)" in line


def test_a_voc_root_without_voc(capsys, tmp_path):
    assert "no PASCAL VOC 2012 here" in refusal(capsys, NET, WEIGHTS, "--voc-root", tmp_path)


def test_stored_blobs_that_are_not_there(capsys, tmp_path):
    assert "no such file" in against(capsys, tmp_path / "none.npz")


def test_stored_blobs_that_are_text(capsys, tmp_path):
    (tmp_path / "text.npz").write_text("conv1_1 1 2 3")
    assert "text.npz: is not an npz" in against(capsys, tmp_path / "text.npz")


def test_stored_blobs_that_are_a_single_array(capsys, tmp_path):
    np.save(tmp_path / "one.npy", np.zeros(3))
    assert "one.npy: is not an npz" in against(capsys, tmp_path / "one.npy")


def test_stored_blobs_that_are_cut_off_at_any_place(capsys, tmp_path, arrays):
    whole = saved(tmp_path / "whole.npz", arrays).read_bytes()
    for share in (0.0, 0.01, 0.5, 0.999):
        (tmp_path / "cut.npz").write_bytes(whole[: int(share * len(whole))])
        assert "cut.npz: is not an npz" in against(capsys, tmp_path / "cut.npz")


def test_stored_blobs_with_damaged_content(capsys, tmp_path, arrays):
    content = bytearray(saved(tmp_path / "whole.npz", arrays).read_bytes())
    with zipfile.ZipFile(tmp_path / "whole.npz") as archive:
        start = archive.getinfo("sample:conv1_1.npy").header_offset
    content[start + 500] ^= 0xFF
    (tmp_path / "damaged.npz").write_bytes(content)
    assert "damaged.npz: is not an npz" in against(capsys, tmp_path / "damaged.npz")


def test_stored_objects_are_never_unpickled(capsys, tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    np.savez(tmp_path / "objects.npz", conv1_1=np.array([Trap()], object))
    assert "Object arrays cannot be loaded" in against(capsys, tmp_path / "objects.npz")
    assert not (tmp_path / "sprung").exists()


def test_stored_texts_are_no_blobs(capsys, tmp_path):
    assert "not numbers" in against(capsys, saved(tmp_path / "texts.npz", {"conv1_1": np.array(["a"])}))


def test_an_archive_of_nothing_holds_no_blobs(capsys, tmp_path):
    assert "holds no blobs" in against(capsys, saved(tmp_path / "empty.npz", {}))


def test_a_missing_blob_is_named(capsys, tmp_path, arrays):
    left = {key: array for key, array in arrays.items() if key.partition(":")[2] != "fc6"}
    assert "lacks fc6" in against(capsys, saved(tmp_path / "left.npz", left))


def test_an_extra_blob_is_named(capsys, tmp_path, arrays):
    more = {**arrays, "out:mystery": np.zeros(3)}
    assert "holds mystery, which the net does not make" in against(capsys, saved(tmp_path / "more.npz", more))


def test_a_missing_and_an_extra_blob_are_named_together(capsys, tmp_path, arrays):
    renamed = {key.replace("fc6", "fc_six"): array for key, array in arrays.items()}
    line = against(capsys, saved(tmp_path / "renamed.npz", renamed))
    assert "lacks fc6" in line and "holds fc_six" in line


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("out:prob", np.zeros((1, 5, 8, 14)), "prob: shape (1, 5, 8, 14) stored, the net makes (1, 11, 8, 14)"),
        ("shape:fc6", np.array([1, 2, 3, 4]), "fc6: shape (1, 2, 3, 4) stored, the net makes (1, 128, 8, 14)"),
        ("sample:fc6", np.zeros((3, 3)), "fc6: shape (3, 3) stored"),
        ("sample:fc6", np.zeros(0), "holds no value of fc6"),
        ("in:data", np.zeros((1, 3, 436)), "input 'data' has shape (1, 3, 436); the net takes (1, 3, 436, 484)"),
        ("in:data", np.zeros((1, 2, 436, 484)), "layer 'conv1_1'"),
        ("in:data", np.zeros((1, 3, 4, 4)), "conv"),
    ],
)
def test_another_shape_is_told_with_both_shapes(capsys, tmp_path, arrays, key, value, told):
    assert told in against(capsys, saved(tmp_path / "other.npz", {**arrays, key: value}))


def test_stored_blobs_go_with_one_image_only(capsys, tmp_path, arrays):
    picture, stored = GOLDENS / "predict" / "kitti_370x1226_image.png", saved(tmp_path / "s.npz", arrays)
    line = refusal(capsys, NET, WEIGHTS, "--against", stored, "--image", picture, picture)
    assert "one --image" in line


@pytest.mark.parametrize("device", ["nonsense", "meta", "cuda:97"])
def test_a_device_that_is_not_there(capsys, device):
    assert f"device '{device}' cannot be used" in refusal(capsys, NET, WEIGHTS, "--device", device)


def test_a_model_nobody_published(capsys):
    assert "'kiti' is not a known model" in refusal(capsys, NET, WEIGHTS, "--model", "kiti")


def test_a_model_that_the_weights_are_not_of(capsys):
    assert "ctx_conv5_1" in refusal(capsys, NET, WEIGHTS, "--model", "camvid")


def test_a_report_into_a_folder_that_is_not_there_is_refused_before_any_work(capsys, tmp_path):
    assert main(["verify", NET, WEIGHTS, "--report", str(tmp_path / "none" / "r.html")]) == 2
    printed = capsys.readouterr()
    assert "none/r.html: cannot write here" in printed.err and not printed.out


def test_a_report_that_is_a_folder(capsys, tmp_path):
    assert "is a folder" in refusal(capsys, NET, WEIGHTS, "--report", tmp_path)


def test_a_report_that_cannot_be_finished_leaves_nothing_behind(capsys, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "No space left" in refusal(capsys, NET, WEIGHTS, "--report", tmp_path / "r.html")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments", [["--mean", "1,2"], ["--mean", "nan,1,2"], ["--seed", "-1"], ["--limit", "0"], ["--dtype", "int8"]]
)
def test_wrong_usage_ends_with_2(arguments):
    with pytest.raises(SystemExit) as ended:
        main(["verify", NET, WEIGHTS, *arguments])
    assert ended.value.code == 2
