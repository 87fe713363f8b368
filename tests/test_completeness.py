"""A layer type is three files of one name; whoever lacks one is named, and three new ones need no edit elsewhere."""

import importlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from converter.layers.layer import operator_types
from reference import registry
from tests.ladder import case_files
from tests.places import ROOT

TYPES = {operator.type: operator for operator in operator_types().values()}
FOLDERS = {"converter/layers", "reference/layers", "tests/cases"}


def file_name(kind: str) -> str:
    """A type's name in small letters; of two that differ in capitals alone one has an underscore behind."""
    return kind.lower() + "_" * (kind in {"CtcLoss", "Lstm"})


def missing(kind: str, there: Mapping[str, set[str]]) -> list[str]:
    """The files that a type lacks."""
    name = file_name(kind)
    return [f"{folder}/{name}.py" for folder in sorted(FOLDERS) if name not in there[folder]]


def files_there() -> dict[str, set[str]]:
    """The names of the files in each of the three folders."""
    return {folder: {path.stem for path in (ROOT / folder).glob("*.py")} for folder in FOLDERS}


def test_every_type_has_its_three_files():
    there = files_there()

    assert [name for kind in TYPES for name in missing(kind, there)] == []


def test_a_missing_file_is_named():
    there = files_there()
    there["tests/cases"].discard("relu")

    assert missing("ReLU", there) == ["tests/cases/relu.py"]


@pytest.mark.parametrize("kind", TYPES)
def test_the_converters_file_is_named_after_its_type(kind: str):
    assert TYPES[kind].__module__ == f"converter.layers.{file_name(kind)}"


def test_the_oracle_knows_every_type_and_no_other():
    assert set(registry.types()) == set(TYPES)


@pytest.mark.parametrize("name", case_files())
def test_a_case_file_is_named_after_its_type_and_names_its_cases_apart(name: str):
    module = importlib.import_module(f"tests.cases.{name}")
    names = [(case.type, case.name) for case in module.CASES]

    assert file_name(module.TYPE) == name
    assert module.TYPE in TYPES
    assert names
    assert len(set(names)) == len(names)


TWICE = {
    "converter/layers/twice.py": """
from converter.layers.layer import Operator, layer


@layer("Twice")
class Twice(Operator):
    def setup(self, p, bottoms):
        self.factor = p.message("twice_param").number("factor", 2.0)

    def forward(self, call):
        return [self.factor * call.bottoms[0]]
""",
    "reference/layers/twice.py": """
TYPE = "Twice"
MESSAGES = ("twice_param",)
FIELDS = "twice_param: factor 0 float = 2"


def forward(layer, bottoms, blobs):
    return [bottoms[0] * layer.params("twice_param").real("factor")]
""",
    "tests/cases/twice.py": """
from tests.case import Case, signed

TYPE = "Twice"
CASES = [
    Case("plain", inputs={"x": signed(2, 3)}),
    Case("factor=3", "twice_param { factor: 3 }", {"x": signed(2, 3)}),
]
""",
}
"""The three files of a type with a parameter of its own."""


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    """A copy of what a layer and its proofs need."""
    copy = tmp_path_factory.mktemp("house")
    for folder in ("converter", "reference", "proto"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "dilatednet", "cli"))
    shutil.copytree(ROOT / "tests/cases", copy / "tests/cases", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("case.py", "ladder.py", "tolerances.py", "places.py", "test_ladder.py", "test_completeness.py"):
        shutil.copy(ROOT / "tests" / name, copy / "tests" / name)
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def climb(house: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the copy's own tests in its own interpreter."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not gpu", *arguments]
    return subprocess.run(command, cwd=house, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_three_new_files_are_a_new_type(house: Path):
    for name, text in TWICE.items():
        (house / name).write_text(text)

    ladder = climb(house, "tests/test_ladder.py", "-k", "Twice")
    complete = climb(house, "tests/test_completeness.py", "-k", "three_files or twice or every_type or Twice")

    assert "8 passed" in ladder.stdout, ladder.stdout
    assert (ladder.returncode, complete.returncode) == (0, 0), complete.stdout


def test_two_of_the_three_are_not_enough(house: Path):
    for name, text in TWICE.items():
        (house / name).write_text(text)
    (house / "reference/layers/twice.py").unlink()

    complete = climb(house, "tests/test_completeness.py", "-k", "three_files or every_type")

    assert complete.returncode == 1
    assert "reference/layers/twice.py" in complete.stdout
