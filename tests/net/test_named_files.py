"""Files that a prototxt names: opened below its folder or where the user allows it, and never printed."""

from pathlib import Path

import numpy as np
import pytest
import torch

import converter
import reference
from converter.cli import main
from converter.errors import ConversionError, DatasetError, PrototxtError, UnsupportedParameterError
from converter.files.named import allow_all_files, allow_files_below, find_named
from converter.solver.solver import Solver
from converter.verify.verify import Verifier
from reference.__main__ import main as oracle_main
from reference.errors import LayerError
from tests.wire_bytes import piece, shape

SECRET = "root:$6$secret:19000:0:99999:7:::"
MATRIX = np.array([[1, 2], [3, 5]], np.float32)
"""With equal scores the loss of label 1 is (3 + 5) log 2 = 8 log 2."""


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """A model's folder, and another with a secret, a matrix and a mean; the working folder is a third."""
    (tmp_path / "model").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other/secret").write_text(f"{SECRET}\n")
    (tmp_path / "other/h.binaryproto").write_bytes(shape(1, 2, 2) + piece(5, MATRIX.tobytes()))
    np.save(tmp_path / "other/mean.npy", np.zeros((3, 4, 4), np.float32))
    return tmp_path


def infogain(folder: Path, source: str) -> Path:
    layers = "".join(
        f'layer {{ name: "{name}" type: "Input" top: "{name}" input_param {{ shape {{ {dims} }} }} }}\n'
        for name, dims in (("x", "dim: 1 dim: 2"), ("label", "dim: 1"))
    )
    body = f'type: "InfogainLoss" bottom: "x" bottom: "label" top: "y" infogain_loss_param {{ source: "{source}" }}'
    path = folder / "model/net.prototxt"
    path.write_text(f'{layers}layer {{ name: "loss" {body} }}')
    return path


def oracle(net: Path, **options: object) -> float:
    inputs = {"x": np.zeros((1, 2)), "label": np.ones(1)}
    return float(reference.run(net, None, inputs, **options)["y"])


def names_outside(folder: Path) -> dict[str, str]:
    """Names of one file outside: absolute, with dots, through a link of a file, through a link of a folder."""
    (folder / "model/link").symlink_to(folder / "other/h.binaryproto")
    (folder / "model/folder").symlink_to(folder / "other")
    absolute = str(folder / "other/h.binaryproto")
    return {"absolute": absolute, "dots": "../other/h.binaryproto", "link": "link", "linked": "folder/h.binaryproto"}


@pytest.mark.parametrize("way", ["absolute", "dots", "link", "linked"])
def test_a_file_outside_of_the_prototxts_folder_is_not_opened_by_either_program(folders, way):
    net = infogain(folders, names_outside(folders)[way])

    with pytest.raises(UnsupportedParameterError, match="--allow-files DIR") as caught:
        converter.load(net)
    assert (caught.value.path, caught.value.line, caught.value.field) == (str(net), 3, "infogain_loss_param.source")
    with pytest.raises(LayerError, match=r"which .* below the prototxt's folder"):
        oracle(net)


@pytest.mark.parametrize("way", ["absolute", "dots", "link", "linked"])
def test_where_the_user_allows_it_both_read_it(folders, way):
    net = infogain(folders, names_outside(folders)[way])

    module = converter.load(net, allow_files=[folders / "other"])
    assert module(x=torch.zeros(1, 2), label=torch.ones(1))["y"].item() == pytest.approx(8 * np.log(2))
    assert oracle(net, allow_files=[folders / "other"]) == pytest.approx(8 * np.log(2))
    with pytest.raises(ConversionError):
        converter.load(net, allow_files=[folders / "model"])


def test_the_commands_take_the_folder(folders, capsys):
    net = infogain(folders, str(folders / "other/h.binaryproto"))
    inputs = folders / "x.npz"
    np.savez(inputs, x=np.zeros((1, 2)), label=np.ones(1))
    out = ["--input", str(inputs), "-o", str(folders / "y.npz")]

    assert main(["verify", str(net)]) == 2
    assert "allow its folder with --allow-files DIR" in capsys.readouterr().err
    assert main(["verify", str(net), "--allow-files", str(folders / "other")]) == 0
    assert oracle_main([str(net), *out]) == 2
    assert oracle_main([str(net), *out, "--allow-files", str(folders / "other")]) == 0


def test_nothing_tells_whether_a_file_outside_is_there(folders):
    texts = []
    for name in ("other/h.binaryproto", "other/absent"):
        with pytest.raises(UnsupportedParameterError) as caught:
            converter.load(infogain(folders, f"../{name}"))
        texts.append(str(caught.value).replace(name, ""))
    assert texts[0] == texts[1]


def test_a_file_in_the_working_folder_needs_leave_too_unless_the_net_lies_there(folders, monkeypatch):
    monkeypatch.chdir(folders / "other")
    net = infogain(folders, "h.binaryproto")
    with pytest.raises(ConversionError, match=r"model/h\.binaryproto"):
        converter.load(net)
    assert converter.load(net, allow_files=["."])
    monkeypatch.chdir(folders)
    assert find_named("other/mean.npy", "net.prototxt") == Path("other/mean.npy")


def test_a_mean_outside_is_noted_not_read(folders):
    text = f"""layer {{ name: "d" type: "ImageData" top: "x" top: "y" image_data_param {{ source: "none" }}
      transform_param {{ mean_file: "{folders}/other/mean.npy" }} }}"""
    net = folders / "model/net.prototxt"
    net.write_text(text)
    options = {"inputs": {"x": (1, 3, 4, 4), "y": (1,)}}

    refused = converter.load(net, **options)
    assert refused.transform is None
    assert any("mean.npy', which does not lie below the prototxt's folder" in note for note in refused.notes)
    assert converter.load(net, allow_files=[folders / "other"], **options).transform is not None
    with allow_all_files():
        assert converter.load(net, **options).transform is not None


def test_verify_from_python_takes_the_folders_of_its_surroundings(folders):
    net = infogain(folders, "../other/h.binaryproto")
    with pytest.raises(ConversionError):
        Verifier(net, None)
    with allow_files_below([folders / "other"]):
        (check,) = Verifier(net, None).check({"x": np.zeros((1, 2), np.float32), "label": np.ones(1, np.float32)})
    assert check.passed


def test_a_named_pipe_or_folder_is_no_file(folders):
    (folders / "model/h").mkdir()
    assert find_named("h", folders / "model/net.prototxt") is None
    with pytest.raises(PermissionError):
        find_named("h\0x", folders / "model/net.prototxt")
    (folders / "model/circle").symlink_to("circle")
    with pytest.raises(PermissionError):
        find_named("../circle", folders / "model/net.prototxt")


def test_a_solver_from_elsewhere_shows_nothing_of_the_net_it_names(folders, monkeypatch):
    solver = folders / "model/solver.prototxt"
    rule = 'base_lr: 1 lr_policy: "fixed" max_iter: 1'
    solver.write_text(f'net: "{folders}/other/secret" {rule}')
    with pytest.raises(PrototxtError, match="its text is not shown") as caught:
        Solver.from_prototxt(solver)
    assert "$6$" not in str(caught.value)
    assert caught.value.path == f"{folders}/other/secret"
    monkeypatch.chdir(folders / "other")
    with pytest.raises(PrototxtError, match=r"root:\$6"):
        Solver.from_prototxt(solver)


@pytest.mark.parametrize("kind", ["ImageData", "WindowData", "HDF5Data"])
def test_lists_that_are_none_are_refused_without_their_text(folders, kind):
    from converter.data.caffe_layers import layer_data
    from converter.net.reading import read_net

    field = {"ImageData": "image_data_param", "WindowData": "window_data_param", "HDF5Data": "hdf5_data_param"}[kind]
    body = f'{field} {{ source: "{folders}/other/secret" batch_size: 1 }} '
    body += "transform_param { crop_size: 2 }" if kind == "WindowData" else ""
    (folders / "model/net.prototxt").write_text(f'layer {{ name: "d" type: "{kind}" top: "x" top: "y" {body} }}')
    with pytest.raises(DatasetError) as caught:
        layer_data(read_net(folders / "model/net.prototxt").layers[0])
    assert "$6$" not in str(caught.value)


def test_a_prototxt_of_endless_length_is_refused():
    with pytest.raises(PrototxtError, match="holds 8388609 bytes"):
        converter.read_net("/dev/zero")
    with pytest.raises(reference.OracleError, match="holds more than 8388608 bytes"):
        reference.read_net("/dev/zero")
