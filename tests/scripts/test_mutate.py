"""The driver of mutants: what it changes, which tests it takes, and that it tells changes noticed from unnoticed."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.mutation.choice import chosen
from scripts.mutation.mutants import mutants
from scripts.mutation.report import read_reasons, survivors, table
from scripts.mutation.results import Results
from tests.places import ROOT

TOY = '''"""A toy."""


def area(width: int = 2, height: int = 3) -> int:
    """The area."""
    return width * height


def smallest(a: int, b: int) -> int:
    """Never looked at closely."""
    return min(a, b)
'''
TOY_TEST = """from converter.toy import area, smallest


def test_area():
    assert area() == 6
    assert area(4, 5) == 20


def test_smallest():
    assert smallest(1, 1) == 1
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A project of one module and one file of tests."""
    for name, text in {
        "converter/__init__.py": "",
        "converter/toy.py": TOY,
        "tests/toy.py/test_toy.py": TOY_TEST,
    }.items():
        (tmp_path / "toy" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "toy" / name).write_text(text)
    subprocess.run(["git", "init", "-q", tmp_path / "toy"], check=True)
    return tmp_path / "toy"


def mutate(toy: Path) -> str:
    line = [sys.executable, "-m", "scripts.mutation", "--root", toy, "--out", toy.parent / "out"]
    done = subprocess.run(
        [*line, "--modules", "converter/toy.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_noticed_change_is_told_from_an_unnoticed(toy: Path):
    """Two defaults one more and one less, × for /: killed. The largest for the smallest of two equals: survives."""
    out = mutate(toy)

    assert "| `converter/toy.py` | 6 | 5 | 1 | 0 | 83.3% |" in out
    assert "converter/toy.py:11: `return min(a, b)` → `return max(a, b)`" in out
    assert out.count(" → ") == 1
    assert (toy / "converter/toy.py").read_text() == TOY


@pytest.mark.slow
def test_a_survivor_is_tried_again_once_its_tests_changed(toy: Path):
    mutate(toy)
    (toy / "tests/toy.py/test_toy.py").write_text(TOY_TEST.replace("smallest(1, 1)", "smallest(1, 2)"))

    assert "| `converter/toy.py` | 6 | 6 | 0 | 0 | 100.0% |" in mutate(toy)


def after(source: str) -> list[str]:
    return [mutant.after for mutant in mutants("a.py", source)]


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("x = 1", ["x = 2", "x = 0"]),
        ("x = 0.5", ["x = 1.5", "x = (-0.5)"]),
        ("x = True", ["x = False"]),
        ("x = a < b", ["x = a <= b"]),
        ("x = a == b", ["x = a != b"]),
        ("x = a is None", ["x = a is not None"]),
        ("x = a + b", ["x = a - b"]),
        ("x = a // b", ["x = a * b"]),
        ("x += a", ["x -= a"]),
        ("x = (a) and (b)", ["x = (a) or (b)"]),
        ("x = not (a)", ["x =  (a)"]),
        ("x = max(a, b)", ["x = min(a, b)"]),
        ("x = np.minimum(a, b)", ["x = np.maximum(a, b)"]),
        ("a.b = c", ["pass"]),
        ("close(a)", ["pass"]),
    ],
)
def test_each_kind_of_change(line: str, changed: list[str]):
    assert after(line) == changed


def test_a_default_is_changed():
    assert after("def f(a='b', *, c='d'): pass") == ["def f(a='b?', *, c='d'): pass", "def f(a='b', *, c='d?'): pass"]


@pytest.mark.parametrize(
    "line",
    [
        '"""A docstring of 3 lines."""',
        "x: Literal[1] = y",
        "def f(a: Literal[1]) -> Literal[2]: ...",
        "raise Error('more than 3', 1)",
        "x = f'{a + 1}'",
        "assert a < 3",
        "__all__ = ['a' + 'b']",
        "x = zip(a, b, strict=True)",
        "warn('a', stacklevel=2) if a else b",
        "@dataclass(frozen=True)\nclass A: ...",
        "if TYPE_CHECKING:\n    x = 1",
    ],
)
def test_no_text_type_or_check_is_changed(line: str):
    assert after(line) == []


def test_a_mutant_is_tried_on_the_passing_tests_that_call_its_function():
    """`f` begins in line 1 and `g` in line 4; what a fixture calls counts for its whole file."""
    in_f, outside = mutants("a.py", "def f():\n    return not x\n\nX = True\n")
    record = {
        "tests": {
            "t.py::quick": {"passed": True, "seconds": 1.0, "spawns": False, "calls": {"a.py": [1]}},
            "t.py::broken": {"passed": False, "seconds": 1.0, "spawns": False, "calls": {"a.py": [1]}},
            "t.py::other": {"passed": True, "seconds": 1.0, "spawns": False, "calls": {"a.py": [4], "b.py": [1]}},
            "u.py::starts": {"passed": True, "seconds": 0.1, "spawns": True, "calls": {}},
            "v.py::fixture": {"passed": True, "seconds": 0.5, "spawns": False, "calls": {}},
        },
        "shared": {"v.py": {"a.py": [1]}},
    }

    assert chosen(in_f, record) == ["v.py::fixture", "t.py::quick", "u.py::starts"]
    assert chosen(outside, record) == ["v.py::fixture", "t.py::quick", "t.py::other", "u.py::starts"]


def test_equivalent_survivors_count_in_no_share_and_have_their_reason(tmp_path: Path):
    (tmp_path / "reasons.txt").write_text("# Reasons\n\na.py\nx = True\nx = False\nequivalent: nobody reads x\n")
    (first,) = mutants("a.py", "x = True")
    (second,) = mutants("a.py", "y = True")
    reasons = read_reasons(tmp_path / "reasons.txt")

    assert table([(first, "survived"), (second, "killed")], reasons).endswith("| all | 2 | 1 | 1 | 1 | 100.0% |")
    assert survivors([(first, "survived")], reasons).splitlines() == [
        "- a.py:1: `x = True` → `x = False`",
        "  equivalent: nobody reads x",
    ]


def test_verdicts_are_kept(tmp_path: Path):
    (mutant,) = mutants("a.py", "x = True")
    (other,) = mutants("a.py", "x = False")
    results = Results(tmp_path / "results.json")
    results.keep(mutant, "killed", "sum 1")
    results.keep(other, "survived", "sum 1")
    again = Results(tmp_path / "results.json")

    assert (again.verdict(mutant, "sum 2"), again.verdict(other, "sum 1")) == ("killed", "survived")
    assert again.verdict(other, "sum 2") is None
