"""`--quiet` prints errors alone; nothing that a command prints holds a terminal's escapes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converter.cli import main
from tests.cli.test_solve import written
from tests.places import GOLDENS, ROOT

MINI = GOLDENS / "nets/mini"
NET, WEIGHTS = MINI / "dilation7_kitti_mini.prototxt", MINI / "dilation7_kitti_mini.caffemodel"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.fromarray(np.zeros((7, 9), np.uint8)).save(tmp_path / "gray.png")
    return tmp_path / "gray.png"


@pytest.mark.parametrize("more", [[], ["--quiet"]])
def test_commands_say_something_unless_they_are_quiet(more: list[str], tmp_path: Path, picture: Path, capfd) -> None:
    for words in (
        ["inspect", NET, WEIGHTS],
        ["convert", WEIGHTS, tmp_path / "w.npz"],
        ["predict", "kitti", "--weights", WEIGHTS, picture, "-o", tmp_path / "out"],
        ["init", "kitti", "--width", "2", "-o", tmp_path / "w.safetensors"],
        ["solve", written(tmp_path / "solver", 4), "--device", "cpu"],
    ):
        assert main([*map(str, words), *more]) == 0
        said = capfd.readouterr()
        assert bool(said.out) is not bool(more), words
        assert said.err == "" or not more, words


def test_quiet_commands_tell_errors(tmp_path: Path, picture: Path, capfd) -> None:
    assert main(["inspect", str(tmp_path / "none"), "--quiet"]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("dilatednet inspect: ")
    (tmp_path / "bad.png").write_text("no image")
    words = ["predict", "kitti", "--weights", WEIGHTS, picture, tmp_path / "bad.png", "-o", tmp_path / "out", "--quiet"]
    assert main([*map(str, words)]) == 2
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"dilatednet predict: {tmp_path / 'bad.png'}: ")


def test_quiet_with_json_prints_the_object_alone(capfd) -> None:
    assert main(["inspect", str(NET), "--quiet", "--json"]) == 0
    said = capfd.readouterr()
    assert said.out.startswith('{"command": "inspect"')
    assert said.err == ""


def terminal_output(*words: str) -> str:
    """What a command prints on a terminal that asks for no color."""
    import pty

    main_end, end = pty.openpty()
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
    with subprocess.Popen([sys.executable, "-m", "converter", *words], stdout=end, stderr=end, env=environment) as run:
        os.close(end)
        read = b""
        try:
            while part := os.read(main_end, 4096):
                read += part
        except OSError:  # the end of a pseudo-terminal whose program has ended
            pass
        os.close(main_end)
    assert run.returncode == 0
    return read.decode()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pseudo-terminals as Linux has them")
def test_no_color_is_printed_where_none_is_wanted(tmp_path: Path, picture: Path) -> None:
    assert "\x1b[" not in terminal_output("inspect", str(NET))
    assert "\x1b[" not in terminal_output("inspect", "--help")
    words = ["kitti", "--weights", str(WEIGHTS), str(picture), "-o", str(tmp_path / "out")]
    assert "\x1b[3" not in terminal_output("predict", *words)
