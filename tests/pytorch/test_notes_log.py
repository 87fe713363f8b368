"""What `load` notes reaches a program's log where the program asks for it, escaped, and is printed nowhere."""

import logging
from pathlib import Path

import pytest

import converter

NET = r"""input: "x" input_shape { dim: 1 dim: 2 }
layer { name: "a\033" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 } }
"""


def test_notes_of_load_are_log_lines_and_not_printed(tmp_path: Path, caplog, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "net.prototxt").write_text(NET)
    with caplog.at_level(logging.INFO, logger="converter"):
        net = converter.load(tmp_path / "net.prototxt")

    assert [record.name for record in caplog.records] == ["converter"] * len(net.notes)
    assert caplog.messages
    assert all("\x1b" not in message for message in caplog.messages)
    assert capfd.readouterr() == ("", "")


def test_without_asking_nothing_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "net.prototxt").write_text(NET)
    assert converter.load(tmp_path / "net.prototxt").notes
    assert capfd.readouterr() == ("", "")
