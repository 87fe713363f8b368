"""No byte of a file reaches the terminal raw: commands on nets whose every name is an escape sequence."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from converter.cli import main
from tests.places import GOLDENS, ROOT

CASES = GOLDENS / "cases"
HOSTILE = r"\033[2J\007\r\n\233\342\200\256\276"
NET = rf"""
name: "{HOSTILE}net"
input: "{HOSTILE}x" input_shape {{ dim: 1 dim: 2 dim: 4 dim: 4 }}
layer {{ name: "{HOSTILE}c" type: "TYPE" bottom: "{HOSTILE}x" top: "{HOSTILE}y" MORE }}
"""
RIGHT = 'convolution_param { num_output: 1 kernel_size: 3 weight_filler { type: "FILLER" } }'


def raw(text: str) -> list[str]:
    """Characters that a terminal would obey."""
    return re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\udc80-\udcff]", text)


@pytest.mark.parametrize("command", ["inspect", "verify"])
@pytest.mark.parametrize(
    ("kind", "more", "filler"),
    [
        ("Convolution", RIGHT, "constant"),
        ("Convolution", RIGHT, HOSTILE),
        ("Convolution", RIGHT + f' unknown: "{HOSTILE}"', "constant"),
        ("Convolution", 'convolution_param { num_output: 1 kernel_size: 9 }', "constant"),
        (HOSTILE, "", ""),
        ("ReLU", f'bottom: "{HOSTILE}z"', ""),
        ("ReLU", f'{HOSTILE}', ""),
    ],
)  # fmt: skip
def test_names_are_escaped_in_tables_notes_and_errors(
    command: str, kind: str, more: str, filler: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "n.prototxt").write_text(NET.replace("TYPE", kind).replace("MORE", more.replace("FILLER", filler)))

    main([command, str(tmp_path / "n.prototxt")])

    printed = capsys.readouterr()
    assert printed.out + printed.err
    assert raw(printed.out + printed.err) == []


def test_a_layer_is_named_readably(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(CASES / "escape.prototxt")]) == 0
    assert r"\x1b[2Jname  ReLU" in capsys.readouterr().out


def test_a_pipe_that_nobody_reads_ends_the_command_in_silence():
    """A few lines, which wait in a buffer until the end; 141 is what a shell says of SIGPIPE."""
    net = CASES / "name_twice.prototxt"
    command = [sys.executable, "-m", "converter", "inspect", str(net)]
    reading, writing = os.pipe()
    os.close(reading)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(
            command, stdout=pipe, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=buffered, check=False
        )
    assert (done.returncode, done.stderr) == (141, "")
