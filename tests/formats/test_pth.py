"""Files of torch.save: the state_dict in them, wherever it stands, and refusals in our own words."""

import io
import os
import traceback
import zipfile

import numpy as np
import pytest
import torch

import converter
from converter.cli import main
from converter.dilatednet.training.checkpoint import load_checkpoint
from converter.errors import CaffemodelError
from converter.formats.weights.pth import read_pth, read_state_dict, save_object

STATE = {"fc.weight": torch.arange(6.0).reshape(2, 3), "fc.bias": torch.tensor([1.0, 2.0])}
NET = """
input: "x" input_shape { dim: 1 dim: 3 }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 } }
"""


def trained() -> dict:
    """The state of an optimizer that has made a step."""
    module = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(module.parameters())
    module(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return optimizer.state_dict()


def saved(folder, value, **options):
    torch.save(value, folder / "w.pth", **options)
    return folder / "w.pth"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (trained, "is an optimizer's state"),
        (lambda: {"model": STATE, "ema": STATE, "optimizer": trained()}, r"under 'model' or 'ema': give --key model"),
        (lambda: {"run": {"net": STATE}, "epoch": 1}, r"under 'run.net': give --key run.net"),
        (lambda: [STATE], "holds a list, not a state_dict"),
        (dict, "holds no blobs"),
        (lambda: {"epoch": 3}, "'epoch' is of type int, not a tensor"),
        (lambda: torch.nn.Linear(3, 2), r"holds Python objects \(torch.nn.modules.linear.Linear\), whose code is not"),
        (lambda: {**STATE, "fc.n": torch.tensor(3)}, "'fc.n' is int64; expected dense float16, float32 or float64"),
        (lambda: {"fc.weight": torch.ones(2, dtype=torch.bfloat16)}, "is bfloat16; .* convert it with .float()"),
        (lambda: {"fc.weight": torch.ones(2, 3).to_sparse()}, r"is float32 \(sparse\)"),
        (lambda: {"fc.weight": torch.zeros(1).expand(1 << 20, 1 << 14)}, "repeats its numbers to 68719476736 bytes"),
    ],
)
def test_what_is_no_state_dict_of_floats_is_refused(value, says, tmp_path):
    path = saved(tmp_path, value())
    with pytest.raises(CaffemodelError, match=says) as caught:
        converter.read_weights(path)
    assert "weights_only" not in str(caught.value)
    assert "\n" not in str(caught.value)


class Harmful:
    """What a stranger's file may hold: an object whose making runs a command."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch harmed",)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("value", [Harmful(), {"fc.weight": Harmful()}, torch.nn.Linear(3, 2), slice(3), b"x" * 9])
def test_neither_the_text_nor_the_traceback_advises_to_switch_the_safety_off(value, old, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save(value, tmp_path / "w.pth", _use_new_zipfile_serialization=not old)
    for read in (converter.read_weights, read_state_dict, load_checkpoint):
        with pytest.raises(converter.ConversionError) as caught:
            read(tmp_path / "w.pth")
        printed = "".join(traceback.format_exception(caught.value)).lower()
        for word in ("weights_only", "weightsunpickler", "safe_globals", "trust", "pickle.load"):
            assert word not in printed
    assert not (tmp_path / "harmed").exists()


def test_a_pickle_with_an_unknown_instruction_is_called_damaged(tmp_path):
    path = saved(tmp_path, STATE)
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(tmp_path / "d.pth", "w") as damaged:
        for name in whole.namelist():
            damaged.writestr(name, b"\x80\x02\xff." if name.endswith("data.pkl") else whole.read(name))
    with pytest.raises(CaffemodelError, match="truncated or damaged"):
        converter.read_weights(tmp_path / "d.pth")


def test_torchscript_is_called_by_its_name(tmp_path):
    with zipfile.ZipFile(tmp_path / "w.pth", "w") as archive:
        for member in ("w/data.pkl", "w/code/__torch__.py", "w/constants.pkl", "w/version"):
            archive.writestr(member, b"")
    with pytest.raises(CaffemodelError, match="TorchScript"):
        converter.read_weights(tmp_path / "w.pth")


@pytest.mark.parametrize(
    ("key", "says"),
    [("weights", r"no dict under --key weights; its state_dict is under 'run.net'"), ("epoch", "no dict under --key")],
)
def test_a_key_that_is_not_there_is_refused_with_those_that_are(key, says, tmp_path):
    path = saved(tmp_path, {"run": {"net": STATE}, "epoch": 1})
    with pytest.raises(CaffemodelError, match=says):
        converter.read_weights(path, key=key)


def test_a_key_for_a_state_dict_itself_or_another_format_is_refused(tmp_path):
    with pytest.raises(CaffemodelError, match="a state_dict itself: leave --key out"):
        converter.read_weights(saved(tmp_path, STATE), key="model")
    np.savez(tmp_path / "w.npz", **{name: value.numpy() for name, value in STATE.items()})
    with pytest.raises(CaffemodelError, match=r"--key model is for files of torch\.save"):
        converter.read_weights(tmp_path / "w.npz", key="model")


def test_a_name_with_dots_is_found_before_dicts_in_dicts(tmp_path):
    path = saved(tmp_path, {"a.b": STATE, "a": {"b": {"fc.weight": torch.zeros(1)}}})
    assert converter.read_weights(path, key="a.b")["fc"][0].shape == (2, 3)


@pytest.mark.parametrize("command", ["inspect", "convert"])
def test_the_commands_take_a_key(command, tmp_path, capsys):
    (tmp_path / "net.prototxt").write_text(NET)
    path = saved(tmp_path, {"net": STATE, "epoch": 1})
    words = {"inspect": [tmp_path / "net.prototxt", path], "convert": [path, tmp_path / "out.caffemodel.h5"]}[command]
    assert main([command, *map(str, words)]) == 2
    assert "give --key net" in capsys.readouterr().err
    assert main([command, *map(str, words), "--key", "net"]) == 0


@pytest.mark.parametrize("ending", ["pth", "safetensors", "npz"])
def test_data_parallels_prefix_is_taken_off_in_every_format_and_inspect_notes_it(ending, tmp_path, capsys):
    from safetensors.torch import save_file

    (tmp_path / "net.prototxt").write_text(NET)
    state = {f"module.{name}": value for name, value in STATE.items()}
    path = tmp_path / f"w.{ending}"
    if ending == "pth":
        torch.save(state, path)
    elif ending == "npz":
        np.savez(path, **{name: value.numpy() for name, value in state.items()})
    else:
        save_file(state, path)
    assert main(["inspect", str(tmp_path / "net.prototxt"), str(path)]) == 0
    assert "note: keys began with 'module.'" in capsys.readouterr().out


def test_a_layer_of_the_name_module_is_no_prefix(tmp_path):
    (tmp_path / "net.prototxt").write_text(NET.replace('"fc"', '"module"'))
    net = converter.load(tmp_path / "net.prototxt")
    again = converter.load(tmp_path / "net.prototxt", saved(tmp_path, net.state_dict()))
    assert again.notes == ()
    assert torch.equal(again.blob_parameter("module", 0), net.blob_parameter("module", 0))


def test_tensors_are_views_of_the_mapped_file(tmp_path):
    """The file's pages become the array's when they are touched: what is written there meanwhile is seen."""
    path = saved(tmp_path, {"fc.weight": torch.full((4096,), 3.0)})
    blob = read_pth(path).layers[0].stored[0].array
    data = path.read_bytes()
    place = data.index(np.full(4096, 3, np.float32).tobytes())
    with path.open("r+b") as file:
        file.seek(place)
        file.write(np.float32(5).tobytes())
    assert blob[0] == 5


@pytest.mark.parametrize("ending", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("write", [1, 2, 4])
def test_what_ends_the_writing_is_told_instead_of_torchs_archive(ending, write):
    class File(io.RawIOBase):
        def __init__(self):
            self.left = write

        def writable(self):
            return True

        def write(self, data):
            self.left -= 1
            if self.left <= 0:
                raise ending
            return len(data)

    with pytest.raises(type(ending)):
        save_object({str(index): torch.zeros(1 << 16) for index in range(5)}, File())
