"""Which files may be opened ends with the block that allowed them."""

from pathlib import Path

import pytest

from converter.files.named import allow_all_files, allow_files_below, allowed_folders, may_open


def fail() -> None:
    with allow_all_files():
        raise ZeroDivisionError


def test_a_block_allows_its_folders_besides_those_around_it(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert allowed_folders() == ()
    with allow_files_below([one]):
        assert allowed_folders() == (one,)
        with allow_files_below([two]):
            assert allowed_folders() == (one, two)
        assert allowed_folders() == (one,)
        assert (may_open(one / "x"), may_open(two / "x"), may_open(two / "x", two)) == (True, False, True)
    assert allowed_folders() == ()
    assert not may_open(one / "x")


def test_all_files_are_those_below_the_root_until_the_block_ends(tmp_path: Path) -> None:
    with allow_all_files():
        assert allowed_folders() == (Path("/"),)
        assert may_open(tmp_path / "x")
        with allow_files_below([tmp_path]):
            assert allowed_folders() == (Path("/"),)
    assert allowed_folders() == ()
    with pytest.raises(ZeroDivisionError):
        fail()
    assert not may_open(tmp_path / "x")
