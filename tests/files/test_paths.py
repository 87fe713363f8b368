"""Names that no file can have are names of no file, wherever they come from."""

from pathlib import Path

import pytest

import converter
from converter.data.caffe_layers import layer_data
from converter.data.images import read_image
from converter.files.named import find_named
from converter.files.paths import is_file, is_there, split_paths
from converter.net.reading import read_net
from converter.solver.settings import read_settings

LONG = "n" * 300


@pytest.mark.parametrize("name", [LONG, f"{LONG}/x", "a\0b"])
def test_a_name_too_long_or_with_a_zero_byte_is_of_no_file(name: str, tmp_path: Path) -> None:
    assert not is_there(name)
    assert not is_file(name)
    with pytest.raises(converter.ImageError):
        read_image(name)
    assert split_paths(f"{name},b") == [name, "b"]
    (tmp_path / "solver.prototxt").write_text(f'net: "{LONG}" base_lr: 1 lr_policy: "fixed"')
    assert read_settings(tmp_path / "solver.prototxt").net == LONG


def test_the_lookups_of_a_prototxts_names_end_in_our_errors(tmp_path: Path) -> None:
    assert find_named(LONG, tmp_path / "net.prototxt") is None
    for kind, field in (("ImageData", "image_data_param"), ("HDF5Data", "hdf5_data_param"), ("Data", "data_param")):
        text = (
            f'layer {{ name: "d" type: "{kind}" top: "x" {field} {{ source: "{LONG}" batch_size: 1 backend: LMDB }} }}'
        )
        (tmp_path / "net.prototxt").write_text(text if kind == "Data" else text.replace("backend: LMDB", ""))
        with pytest.raises(converter.ConversionError):
            layer_data(read_net(tmp_path / "net.prototxt").layers[0])
