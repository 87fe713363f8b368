"""`--print-completion`: the scripts are those shells' own, and bash completes commands, options and files by them."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from converter.cli import main
from converter.cli._completion import _kind

needs_shtab = pytest.mark.skipif(
    importlib.util.find_spec("shtab") is None, reason="no shtab: install the extra [completion]"
)
needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")

PROGRAM = """
source ./script
COMP_WORDS=(dilatednet "$@")
COMP_CWORD=$#
_shtab_dilatednet
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def completed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """What bash offers after some words, the last of them being typed."""
    with pytest.raises(SystemExit) as ended:
        main(["--print-completion", "bash"])
    assert ended.value.code == 0
    (tmp_path / "script").write_text(capsys.readouterr().out)

    def run(*words: str) -> set[str]:
        line = ["bash", "-c", PROGRAM, "bash", *words]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=True)
        return {word.strip() for word in done.stdout.splitlines()}

    return run


@needs_shtab
@needs_bash
def test_bash_completes_commands_options_choices_and_files(completed, tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").touch()
    assert completed("in") == {"inspect", "init"}
    assert completed("inspect", "--ph") == {"--phase"}
    assert completed("inspect", "--phase", "t") == {"test", "train"}
    assert completed("train", "j") == {"joint"}
    assert completed("inspect", "ne") == {"net.prototxt"}


@needs_shtab
def test_zsh_has_a_script_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--print-completion", "zsh"])
    assert capsys.readouterr().out.startswith("#compdef dilatednet")


def test_place_holders_tell_files_and_folders() -> None:
    found = [_kind(word) for word in ("NET", "PAGE.html", "DIR|LIST", "DIR", "NAME", "N", None, ("H", "W"))]
    assert found == ["file", "file", "file", "folder", "", "", "", ""]


def test_without_shtab_the_package_is_named(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["--print-completion", "bash"]) == 2
    assert "needs the package shtab; pip install 'dilatednet[completion]'" in capsys.readouterr().err
