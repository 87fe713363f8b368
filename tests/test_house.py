"""The rooms of converter/ and their order: a room imports only rooms below it, and no modules import in a circle."""

import ast
from pathlib import Path

import pytest

from tests.places import ROOT

FLOORS = [
    *("errors", "files", "modules", "formats", "net", "layers", "plan", "conversion", "pytorch", "fast", "export"),
    *("data", "solver", "report", "download", "dilatednet", "verify", "pycaffe", "cli"),
]
"""From the ground up. `modules` stands apart: it imports torch and its own files alone."""

LONGEST = 250
"""Lines of a file."""


def imports(folder: Path) -> dict[str, set[str]]:
    """Every module of `folder`/converter with the modules of it that it imports, also inside functions."""
    trees = {}
    for path in sorted((folder / "converter").rglob("*.py")):
        name = ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
        trees[name] = ast.parse(path.read_text(encoding="utf-8"))
    found: dict[str, set[str]] = {}
    for name, tree in trees.items():
        targets: list[str] = []
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                targets += [f"{node.module}.{item.name}" for item in node.names]
            elif isinstance(node, ast.Import):
                targets += [item.name for item in node.names]
        found[name] = {known(target, trees) for target in targets} - {"", name, "converter"}
    return found


def known(target: str, trees: dict) -> str:
    """The module that a dotted name lies in."""
    while target and target not in trees:
        target = target.rpartition(".")[0]
    return target


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "converter"


def upward(arrows: dict[str, set[str]]) -> list[str]:
    """Imports of a room above, or of a room that the list does not have."""
    found = []
    for module, targets in arrows.items():
        for target in targets:
            a, b = room(module), room(target)
            if a == b or "converter" in (a, b) or "__main__" in (a, b):
                continue
            if a not in FLOORS or b not in FLOORS or FLOORS.index(a) < FLOORS.index(b):
                found.append(f"{module} imports {target}")
    return found


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle; empty where there is none."""
    done: set[str] = set()

    def walk(module: str, path: list[str]) -> list[str]:
        if module in path:
            return path[path.index(module) :]
        if module in done:
            return []
        for target in sorted(arrows.get(module, ())):
            if found := walk(target, [*path, module]):
                return found
        done.add(module)
        return []

    return next((found for module in arrows if (found := walk(module, []))), [])


def test_a_room_imports_only_rooms_below_it():
    assert upward(imports(ROOT)) == []


def test_no_modules_import_in_a_circle():
    assert circle(imports(ROOT)) == []


def test_modules_import_torch_and_each_other_alone():
    for module, targets in imports(ROOT).items():
        if room(module) == "modules":
            assert {room(target) for target in targets} <= {"modules"}, module


def test_files_stay_small():
    counted = {
        path.relative_to(ROOT): len(path.read_text().splitlines()) for path in (ROOT / "converter").rglob("*.py")
    }
    assert {str(path): count for path, count in counted.items() if count > LONGEST} == {}


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"net/a.py": "import converter.cli.b", "cli/b.py": ""}, "converter.net.a imports converter.cli.b"),
        (
            {"net/a.py": "def f():\n    from converter.cli import b", "cli/b.py": ""},
            "converter.net.a imports converter.cli.b",
        ),
        ({"attic/a.py": "from converter.net import b", "net/b.py": ""}, "converter.attic.a imports converter.net.b"),
    ],
)
def test_the_rule_of_floors_can_fail(files, complaint, tmp_path):
    assert upward(imports(built(tmp_path, files))) == [complaint]


def test_the_rule_of_circles_can_fail(tmp_path):
    files = {"net/a.py": "import converter.net.b", "net/b.py": "from converter.net import a"}
    assert sorted(circle(imports(built(tmp_path, files)))) == ["converter.net.a", "converter.net.b"]


def built(folder: Path, files: dict[str, str]) -> Path:
    """A small house."""
    for name, text in {"__init__.py": "", **files}.items():
        path = folder / "converter" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
