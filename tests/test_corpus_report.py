"""The corpus report counts what reads and builds, and says what stands in the way."""

import subprocess
import sys

import pytest

from tests.places import ROOT, SHARED

INPUT = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }\n'


def report(folder) -> str:
    command = [sys.executable, str(ROOT / "scripts" / "_corpus_report.py"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_report_tells_nets_solvers_and_unreadable_files_apart(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.prototxt").write_text(INPUT + 'layer { name: "y" type: "ReLU" bottom: "x" top: "y" odd_field: 3 }')
    (tmp_path / "deep" / "b.prototxt").write_text(INPUT + 'layer { name: "y" type: "Strange" bottom: "x" top: "y" }')
    (tmp_path / "c.prototxt").write_text('base_lr: 0.1 net: "a.prototxt"')
    (tmp_path / "d.prototxt").write_text('layer { name: "y"')
    text = report(tmp_path)
    assert "read    3 (75.0 %): 2 nets, 1 solvers" in text
    assert "built   1 of 2 nets (50.0 %)" in text
    assert "1 of 2 nets with inputs of their own and no Python layer" in text
    assert "1 Strange" in text and "1 odd_field" in text and "d.prototxt:1" in text


@pytest.mark.corpus
@pytest.mark.slow
def test_of_the_corpus_more_than_85_percent_of_the_nets_with_inputs_of_their_own_build():
    line = next(line for line in report(SHARED / "corpus" / "prototxt").splitlines() if "inputs of their own" in line)
    assert float(line.rpartition("(")[2].split()[0]) >= 85
