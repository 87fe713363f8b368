"""The wheel and the sdist hold what they should, and the wheel works where there is no checkout."""

import email
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from email.message import Message
from pathlib import Path

import pytest

from tests.places import GOLDENS, ROOT

MINI = GOLDENS / "nets/mini/dilation7_kitti_mini"
_BUILD = "import sys, hatchling.build as b; print(b.build_wheel(sys.argv[1])); print(b.build_sdist(sys.argv[1]))"
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def build(source: Path, target: Path) -> tuple[Path, Path]:
    """Wheel and sdist of the project in `source`, built without network, by hatchling alone."""
    pytest.importorskip("hatchling")
    target.mkdir()
    line = [sys.executable, "-c", _BUILD, str(target)]
    done = subprocess.run(line, cwd=source, capture_output=True, text=True, check=True)
    wheel, sdist = done.stdout.split()[-2:]
    return target / wheel, target / sdist


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(ROOT, tmp_path_factory.mktemp("dist") / "built")


@pytest.fixture(scope="module")
def installed(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it; what the project needs comes from this one's site-packages."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(built[0])], check=True)
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
    (Path(packages) / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


def run(program: Path, *arguments: str | Path, folder: Path) -> str:
    """What a program prints, run in a folder that is no checkout, and with no checkout on Python's path."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    line = [program, *arguments]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as file:
        (name,) = [name for name in file.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(file.read(name))


@pytest.mark.slow
def test_the_metadata_says_what_the_project_is(built):
    found = metadata(built[0])

    assert found["Name"] == "dilatednet"
    assert found["Summary"] == _PROJECT["description"]
    assert found["License-Expression"] == "MIT" and found["License-File"] == "LICENSE"
    assert found["Requires-Python"] == ">=3.11"
    assert found["Description-Content-Type"] == "text/markdown"
    assert str(found.get_payload()).startswith("# dilatednet")
    versions = {f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13, 14)}
    assert versions | {"Typing :: Typed"} <= set(found.get_all("Classifier") or ())


@pytest.mark.slow
def test_the_wheel_holds_both_programs_whole_and_nothing_else(built):
    with zipfile.ZipFile(built[0]) as file:
        names = {name for name in file.namelist() if ".dist-info/" not in name}
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "converter", "reference"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if tracked.returncode:
        pytest.skip("no git checkout to compare with")
    wanted = {name for name in tracked.stdout.split("\n") if name and not name.endswith("ruff.toml")}

    assert {"converter/py.typed", "reference/py.typed", "converter/caffe.binpb"} <= names
    assert names - {"converter/caffe.binpb"} == wanted


@pytest.mark.slow
def test_the_sdist_builds_the_same_wheel(built, tmp_path):
    wheel, sdist = built
    with tarfile.open(sdist) as file:
        file.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    again, _ = build(source, tmp_path / "again")
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        contents = [{name: file.read(name) for name in file.namelist()} for file in (one, other)]

    assert contents[0] == contents[1]
    assert (source / "LICENSE").exists() and (source / "tests/test_packaging.py").exists()


@pytest.mark.slow
def test_the_wheel_works_without_a_checkout(installed, tmp_path):
    shutil.copy(f"{MINI}.prototxt", tmp_path / "net.prototxt")
    shutil.copy(f"{MINI}.caffemodel", tmp_path / "net.caffemodel")
    home = run(installed / "python", "-c", "import converter; print(converter.__file__)", folder=tmp_path)

    assert home.strip().startswith(str(installed.parent))
    assert "convert" in run(installed / "dilatednet", "--help", folder=tmp_path)
    words = ("convert", "net.caffemodel", "net.safetensors", "--prototxt", "net.prototxt")
    told = run(installed / "dilatednet", *words, folder=tmp_path)
    assert "net.safetensors: 23 layers" in told, "VGG-16's 13, fc6, fc7, the classifier, and 7 of the context module"
    assert "PASS" in run(installed / "dilatednet", "verify", "net.prototxt", "net.safetensors", folder=tmp_path)
