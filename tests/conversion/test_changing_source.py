"""A source that is written over while it is converted is told, and what was made of it gets no name."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import converter
from converter.conversion import convert as conversion
from converter.errors import CaffemodelError
from converter.files.unchanged import check_unchanged, watch_files
from tests.places import GOLDENS

SOURCE = GOLDENS / "nets" / "formats" / "v1_v2.caffemodel"
NET = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }\n'
NET += 'layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 3 } }\n'


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\0")


def touch(path: Path) -> None:
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1))


def replace(path: Path) -> None:
    stat = path.stat()
    other = path.with_name("other")
    shutil.copyfile(path, other)
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [grow, touch, replace, Path.unlink])
@pytest.mark.parametrize("ending", [".safetensors", ".pth", ".npz", ".caffemodel"])
def test_a_source_that_changes_before_the_result_is_named(tmp_path, monkeypatch, change, ending):
    """The change comes when the numbers have been read; the formats differ in when they read them."""
    source, out = tmp_path / "source.caffemodel", tmp_path / f"out{ending}"
    shutil.copyfile(SOURCE, source)
    out.write_bytes(b"old")
    read = conversion._read_and_match

    def read_and_change(*arguments: object) -> object:
        found = read(*arguments)
        change(source)
        return found

    monkeypatch.setattr(conversion, "_read_and_match", read_and_change)
    with pytest.raises(CaffemodelError, match=r"changed while it was read|can no longer be read"):
        converter.convert(source, out)
    assert out.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir() if path != source) == [out.name]


def test_so_for_whole_nets(tmp_path, monkeypatch):
    from converter.export import convert as export

    (tmp_path / "net.prototxt").write_text(NET)
    converter.save_pretrained(converter.load(tmp_path / "net.prototxt"), tmp_path / "made")
    source = tmp_path / "made/model.safetensors"
    loaded = export._load_checked

    def load_and_change(*arguments: Any) -> object:
        touch(source)
        return loaded(*arguments)

    converter.convert(source, tmp_path / "net.py", tmp_path / "net.prototxt")
    monkeypatch.setattr(export, "_load_checked", load_and_change)
    for out in ("other.py", "folder/"):
        with pytest.raises(CaffemodelError, match="changed while it was read"):
            converter.convert(source, f"{tmp_path}/{out}", tmp_path / "net.prototxt")
    assert not (tmp_path / "other.py").exists()
    assert not (tmp_path / "folder/model.safetensors").exists()


def test_files_are_watched_within_the_block_alone(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    with watch_files([str(tmp_path / "a")]):
        check_unchanged()
        with watch_files([str(tmp_path / "none")]):
            check_unchanged()
        grow(tmp_path / "a")
        with pytest.raises(CaffemodelError, match="1 bytes before, 2 now") as caught:
            check_unchanged()
        assert caught.value.path == str(tmp_path / "a")
    check_unchanged()
