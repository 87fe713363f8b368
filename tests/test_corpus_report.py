"""The corpus report counts what reads and builds, and says what stands in the way."""

import json
import subprocess
import sys
from fnmatch import fnmatch

import pytest

from scripts.corpus.known import FAULTS, GIVEN
from tests.places import ROOT, SHARED

INPUT = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }\n'


def report(folder, *more: str) -> str:
    command = [sys.executable, str(ROOT / "scripts" / "_corpus_report.py"), str(folder), *more]
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


def test_training_nets_are_tried_in_each_phase_and_their_shapes_are_guessed(tmp_path):
    data = 'layer { name: "d" type: "Data" top: "x" top: "l" include { phase: TRAIN } data_param { batch_size: 4 } }\n'
    flat = 'layer { name: "f" type: "InnerProduct" bottom: "x" top: "f" inner_product_param { num_output: 2 } }\n'
    loss = 'layer { name: "s" type: "SoftmaxWithLoss" bottom: "f" bottom: "l" top: "s" include { phase: TRAIN } }\n'
    (tmp_path / "train.prototxt").write_text(data + flat + loss)
    fed = 'layer { name: "d" type: "OurData" top: "y" }\n'
    (tmp_path / "py.prototxt").write_text(fed + 'layer { name: "p" type: "Python" bottom: "y" top: "x" }')
    (tmp_path / "own.prototxt").write_text(fed + 'layer { name: "r" type: "ReLU" bottom: "y" top: "z" }')
    page, told = tmp_path / "page.md", tmp_path / "told.json"
    text = report(tmp_path, "--markdown", str(page), "--json", str(told))
    found = json.loads(told.read_text())
    assert "3 of 3 phases of training nets" in text
    assert found["training"] == {"built": 3, "tried": 3}
    assert found["unknown_types"] == {"Python": 1}
    (trial,) = [trial for trial in found["trials"] if trial["file"] == "train.prototxt"]
    assert (trial["file"], trial["phase"], trial["error"]) == ("train.prototxt", "train", "")
    assert trial["given"] == {"x": [4, 3, 224, 224]}
    assert "| py.prototxt | test |" in page.read_text()
    assert str(tmp_path) not in page.read_text() + told.read_text()


def test_data_sets_are_known_by_the_name_of_their_source(tmp_path):
    data = 'layer { name: "d" type: "Data" top: "x" top: "l" data_param { source: "SOURCE" batch_size: 4 } }\n'
    for name, source in (
        ("a", "examples/mnist/mnist_train_lmdb"),
        ("b", "cifar10-leveldb"),
        ("c", "pairs_siamese_mnist"),
    ):
        (tmp_path / f"{name}.prototxt").write_text(data.replace("SOURCE", source))
    told = tmp_path / "told.json"
    report(tmp_path, "--json", str(told))
    given = {(trial["file"], trial["phase"]): trial["given"] for trial in json.loads(told.read_text())["trials"]}
    sizes = {"a.prototxt": [4, 1, 28, 28], "b.prototxt": [4, 3, 32, 32], "c.prototxt": [4, 2, 28, 28]}
    assert given == {(name, phase): {"x": size} for name, size in sizes.items() for phase in ("train", "test")}


def test_files_at_fault_are_counted_apart_and_say_why(tmp_path):
    path = tmp_path / "Rajiv2605__Tumor-Segmentation" / "rnet480.prototxt"
    path.parent.mkdir()
    path.write_text('layer { name: "y"ffff')
    (tmp_path / "own.prototxt").write_text('layer { name: "y"ffff')
    page, told = tmp_path / "page.md", tmp_path / "told.json"
    report(tmp_path, "--markdown", str(page), "--json", str(told))
    assert "| files that read | 0 | 2 | 0.0 % | 1 |" in page.read_text()
    assert page.read_text().count("the file itself is at fault: stray letters") == 1
    assert [*json.loads(told.read_text())["at_fault"]] == ["Rajiv2605__Tumor-Segmentation/rnet480.prototxt"]


def test_a_net_that_only_trains_is_tried_in_that_phase(tmp_path):
    rule = "include { phase: TRAIN }"
    (tmp_path / "dummy.prototxt").write_text(f'layer {{ name: "d" type: "DummyData" top: "x" {rule} }}')
    (tmp_path / "odd.prototxt").write_text(f'layer {{ name: "d" type: "OddData" top: "x" {rule} }}')
    told = tmp_path / "told.json"
    report(tmp_path, "--json", str(told))
    trials = {trial["file"]: (trial["phase"], trial["kind"]) for trial in json.loads(told.read_text())["trials"]}
    assert trials == {"dummy.prototxt": ("train", "training"), "odd.prototxt": ("train", "training")}


@pytest.mark.corpus
def test_every_public_file_that_something_is_known_of_is_there():
    files = [
        path.relative_to(SHARED / "corpus" / "prototxt").as_posix()
        for path in (SHARED / "corpus" / "prototxt").rglob("*.*")
    ]
    assert all(any(fnmatch(name, item.files) for name in files) for item in GIVEN)
    assert set(FAULTS) <= set(files)


@pytest.mark.corpus
@pytest.mark.slow
def test_the_page_of_the_corpus_is_current(tmp_path):
    page = tmp_path / "page.md"
    report(SHARED / "corpus" / "prototxt", "--markdown", str(page))
    assert page.read_text() == (ROOT / "docs" / "coverage.md").read_text(), "run scripts/corpus-report with --markdown"


@pytest.mark.corpus
@pytest.mark.slow
def test_of_the_corpus_more_than_85_percent_of_the_nets_with_inputs_of_their_own_build():
    line = next(line for line in report(SHARED / "corpus" / "prototxt").splitlines() if "inputs of their own" in line)
    assert float(line.rpartition("(")[2].split()[0]) >= 85
