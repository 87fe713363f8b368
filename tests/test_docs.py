"""The pages' commands run as they stand: blocks marked `sh run` and `python run`, in order, on small files."""

import importlib.util
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import converter
from converter.cli import main
from converter.export.weights import write_weights
from converter.layers import layer
from tests.places import GOLDENS, HAS_GRAPHVIZ, ROOT

PAGES = ("README", "docs/convert", "docs/unknown-layer", "docs/your-pictures", "docs/parity", "docs/files")
DIGITS = ROOT / "docs/digits.prototxt"
KITTI = GOLDENS / "nets/mini/dilation7_kitti_mini.caffemodel"
_BLOCK = re.compile(r"^```(sh|python)( run)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"#.*exit code (\d)")


def blocks(page: str) -> list[tuple[str, bool, str]]:
    """Language, whether it is marked as runnable, and text of each block."""
    text = (ROOT / f"{page}.md").read_text(encoding="utf-8")
    return [(kind, bool(run), content) for kind, run, content in _BLOCK.findall(text)]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn weights of the net of digits, as Caffe's file."""
    folder = tmp_path_factory.mktemp("digits")
    write_weights(converter.load(DIGITS, seed=0), folder / "drawn.safetensors")
    converter.convert(folder / "drawn.safetensors", folder / "net.caffemodel", DIGITS)
    return folder / "net.caffemodel"


@pytest.fixture
def folder(digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the pages speak of, and a list of layer types that a page may add to."""
    shutil.copy(DIGITS, tmp_path / "net.prototxt")
    shutil.copy(DIGITS, tmp_path / "digits.prototxt")
    shutil.copy(digits, tmp_path / "net.caffemodel")
    (tmp_path / "zoo").mkdir()
    for suffix, source in (("prototxt", DIGITS), ("caffemodel", digits)):
        shutil.copy(source, tmp_path / f"zoo/lenet.{suffix}")
    shutil.copy(KITTI, tmp_path / "dilation7_kitti.caffemodel")
    draws = np.random.default_rng(0)
    for name, pixels in (("photos", draws.integers(0, 256, (40, 60, 3))), ("labels", draws.integers(0, 11, (40, 60)))):
        (tmp_path / name).mkdir()
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / name / "street.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(layer._REGISTRY, "types", dict(layer.operator_types()))
    return tmp_path


def run_line(line: str) -> None:
    """A line of a terminal, which begins with `dilatednet`; its comment may state another exit code than 0."""
    program, *arguments = shlex.split(line, comments=True)
    assert program == "dilatednet", line
    if any(word.endswith(".onnx") for word in arguments) and importlib.util.find_spec("onnxruntime") is None:
        return
    if arguments[0] == "inspect" and "--report" in arguments and not HAS_GRAPHVIZ:
        return
    stated = _CODE.search(line)
    assert main(arguments) == (int(stated[1]) if stated else 0), line


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_blocks_run(page: str, folder: Path):
    if page == "docs/unknown-layer":
        net = DIGITS.read_text().replace('type: "ReLU"', 'type: "Twice" power_param { scale: 2 }')
        (folder / "net.prototxt").write_text(net)
    names: dict[str, object] = {}
    marked = [(kind, content) for kind, run, content in blocks(page) if run]
    assert marked
    for kind, content in marked:
        if kind == "python":
            exec(compile(content, f"{page}.md", "exec"), names)
            continue
        for line in filter(None, content.splitlines()):
            run_line(line)


@pytest.mark.parametrize("page", PAGES)
def test_no_command_of_this_project_goes_unrun(page: str):
    """What is not marked installs, or is a script of the checkout."""
    unmarked = [line for _, run, content in blocks(page) if not run for line in content.splitlines() if line]

    assert [line for line in unmarked if not line.startswith(("pip install", "scripts/"))] == []


@pytest.mark.parametrize(
    "page",
    ["README", "CONTRIBUTING", "SECURITY", *(f"docs/{path.stem}" for path in sorted((ROOT / "docs").glob("*.md")))],
)
def test_links_lead_somewhere(page: str):
    path = ROOT / f"{page}.md"
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]

    assert [link for link in local if not (path.parent / link).exists()] == []


def test_the_readme_is_short_and_links_every_page():
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 115
    assert [path.name for path in (ROOT / "docs").glob("*.md") if f"](docs/{path.name})" not in text] == []
