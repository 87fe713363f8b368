"""Names of parameters, there and back."""

import keyword
from pathlib import Path

import pytest
import torch

import converter
from converter.net.names import escape, indexed_names, parse_state_dict_key, unescape
from converter.net.reserved_names import RESERVED
from converter.pytorch.caffe_module import CaffeModule


@pytest.mark.parametrize(
    ("layer", "escaped"),
    [
        ("conv1_1", "conv1_1"),
        ("a.b", "a%2Eb"),
        ("100%", "100%25"),
        ("%2E", "%252E"),
        ("", "%00"),
        ("%00", "%2500"),
        ("inception_3a/1x1", "inception_3a/1x1"),
        (".", "%2E"),
    ],
)
def test_a_layers_name_loses_its_dots_and_gets_them_back(layer: str, escaped: str) -> None:
    assert escape(layer) == escaped
    assert unescape(escaped) == layer
    assert parse_state_dict_key(f"{escaped}.weight") == (layer, "weight")


def test_blobs_are_weight_bias_and_then_numbered() -> None:
    assert indexed_names(("weight", "bias"), 1) == ("weight",)
    assert indexed_names(("weight", "bias"), 4) == ("weight", "bias", "blob2", "blob3")


@pytest.mark.parametrize("layer", ["training", "loss", "forward", "class", "loss_", "_modules", "state_dict"])
def test_a_name_that_torch_or_python_owns_gets_an_underscore_and_loses_it_again(layer: str) -> None:
    assert escape(layer) == f"{layer}_"
    assert unescape(escape(layer)) == layer


@pytest.mark.parametrize(
    ("layer", "escaped"),
    [
        ("requires_grad_", "requires_grad__"),
        ("__call__", "__call___"),
        ("requires_grad__", "requires_grad___"),
        ("requires_grad", "requires_grad"),
        ("__call_", "__call_"),
        ("_", "_"),
    ],
)
def test_a_name_that_itself_ends_in_underscores_has_one_more(layer: str, escaped: str) -> None:
    assert escape(layer) == escaped
    assert unescape(escaped) == layer


@pytest.mark.parametrize("layer", ["training", "loss"])
def test_files_of_earlier_versions_have_reserved_names_as_they_are(layer: str) -> None:
    assert unescape(layer) == layer


@pytest.mark.parametrize(
    ("layer", "escaped"), [('a"b', "a%22b"), ("a\\b", "a%5Cb"), ("a\x1b[2J", "a%1B[2J"), ("\udcd6\udcd0", "%D6%D0")]
)
def test_bytes_that_keys_cannot_hold_are_escaped(layer: str, escaped: str) -> None:
    assert escape(layer) == escaped
    assert unescape(escaped) == layer


NET = """
input: "x" input_shape { dim: 1 dim: 1 }
layer { name: "NAME" type: "Scale" bottom: "x" top: "NAME" scale_param { axis: 0 num_axes: 0 filler { value: 3 } } }
layer { name: "next" type: "Scale" bottom: "NAME" top: "y" scale_param { axis: 0 num_axes: 0 filler { value: 5 } } }
"""


def built(folder: Path, name: str) -> CaffeModule:
    (folder / "net.prototxt").write_text(NET.replace("NAME", name))
    return converter.load(folder / "net.prototxt")


def test_the_list_of_reserved_names_holds_every_attribute_of_the_module_that_is_built(tmp_path: Path) -> None:
    owned = {
        *keyword.kwlist,
        *dir(CaffeModule),
        *vars(torch.nn.Module()),
        *vars(torch.fx.symbolic_trace(torch.nn.ReLU())),
        *dir(built(tmp_path, "first")),
        "self",  # what the generated code calls the module
    }
    owned = {name for name in owned if not name.startswith("___")}  # what torch's compiler leaves behind
    owned -= {"first", "next"}
    assert owned <= RESERVED, f"add {sorted(owned - RESERVED)} to converter/net/reserved_names.py"


def test_no_reserved_name_is_what_another_one_becomes() -> None:
    assert not [name for name in RESERVED if f"{name}_" in RESERVED]


@pytest.mark.parametrize("few", range(8))
def test_a_layer_and_its_blob_may_have_any_reserved_name(tmp_path: Path, few: int) -> None:
    """2 · 3 · 5."""
    wrong = {}
    for name in sorted(RESERVED)[few::8]:
        net = built(tmp_path, name)
        if net(x=torch.tensor([[2.0]]))["y"].item() != 30 or net.blob_parameter(name, 0).item() != 3:
            wrong[name] = net
    assert not wrong
