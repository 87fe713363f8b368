"""The commands that write, each on a small model: what they begin from, what they leave, how they go on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from converter.cli import main
from scripts.faulting.server import address, serve_one_source
from scripts.faulting.stages import STAGES, prepare_stages, train

OLD = b"what stood there before"
_FORMATS = (".safetensors", ".pth", ".npz", ".h5", ".caffemodel")
_SOLVER = """net: "net.prototxt" base_lr: 0.0001 lr_policy: "fixed" momentum: 0.9 max_iter: 6 snapshot: 2
snapshot_prefix: "run" random_seed: 3"""


@dataclass(frozen=True, slots=True)
class Operation:
    """A command.

    Attributes:
        name: what it is called in the table.
        run: does it, into a folder; gives the exit code. Run again there, it goes on or begins anew.
        result: what it leaves when it is done, by name, to be compared with an unbroken run's.
        target: the one file that it writes; None where it writes a folder.
        goes_on: whether a broken run left something that a further one goes on from.
    """

    name: str
    run: Callable[[Path], int]
    result: Callable[[Path], dict[str, str]]
    target: str | None = None
    goes_on: bool = False


def operations(material: Path) -> Iterator[Operation]:
    """Every one, on material that `prepare` made."""
    for ending in _FORMATS:
        yield _convert(material, ending)
    yield Operation("download", _download, _digests("net.caffemodel"), goes_on=True)
    yield Operation("features", _features(material), _digests("*.bin"), goes_on=True)
    for stage in STAGES:
        left = _digests("weights.safetensors", "log.jsonl", "net.prototxt")
        yield Operation(f"train {stage}", train(material, stage), left, goes_on=True)
    yield Operation("solve", _solve(material), _digests("run_iter_6.caffemodel"), goes_on=True)
    yield Operation("evaluate", _evaluate(material), _numbers("out.json"), goes_on=True)
    yield Operation("score", _score(material), _numbers("out.json"), "out.json")


def prepare(folder: Path) -> int:
    """Make weights, pictures, a validation split and predictions in a folder."""
    from safetensors.numpy import save_file

    from converter.dilatednet.zoo import find
    from converter.formats.weights.caffemodel_writer import OutputLayer, write_caffemodel
    from tests.cli.test_solve import NET
    from tests.data.made_voc import make_voc
    from tests.dilatednet.formula_nets import formula_arrays
    from tests.dilatednet.training.tiny_training import write_images

    random = np.random.default_rng(0)
    numbers = [random.standard_normal((512, 1024), np.float32) for _ in range(8)]
    layers = [OutputLayer(f"fc{at}", "InnerProduct", (blob, blob[:, 0].copy())) for at, blob in enumerate(numbers)]
    write_caffemodel(folder / "source.caffemodel", "net", layers)
    arrays = formula_arrays(find("dilation8_pascal_voc").with_width(4, 128).topology)
    kinds = ("weight", "bias")
    keys = {f"{layer}.{kind}": blob for layer in arrays for kind, blob in zip(kinds, arrays[layer], strict=True)}
    save_file(keys, folder / "mini.safetensors")
    pictures = {
        f"p{at}": (random.integers(0, 255, (40, 52, 3), np.uint8), random.integers(0, 21, (40, 52), np.uint8))
        for at in range(6)
    }
    make_voc(folder / "voc", pictures)
    _write_predictions(folder / "predictions", pictures)
    (folder / "linked").write_bytes(OLD)
    (folder / "images").mkdir()
    lists = write_images(folder / "images")
    (folder / "images/net.prototxt").write_text(NET)
    (folder / "images/solver.prototxt").write_text(_SOLVER)
    return prepare_stages(folder, lists)


def _write_predictions(folder: Path, pictures: dict[str, tuple[Any, Any]]) -> None:
    from PIL import Image

    folder.mkdir()
    for name, (_, labels) in pictures.items():
        Image.fromarray(labels).save(folder / f"{name}.png")


def _convert(material: Path, ending: str) -> Operation:
    def run(folder: Path) -> int:
        return main(["convert", str(material / "source.caffemodel"), str(folder / f"out{ending}")])

    return Operation(f"convert {ending}", run, _digests(f"out{ending}"), f"out{ending}")


def _download(folder: Path) -> int:
    serve_one_source()
    return main(["download", "net", "-o", str(folder), "--url", address()])


def _features(material: Path) -> Callable[[Path], int]:
    def run(folder: Path) -> int:
        weights = str(material / "front/weights.safetensors")
        data = ["--data", str(material / "voc"), "--split", "val", "--classes", "3", "--input-size", "412", "428"]
        return main(
            ["features", "--preset", "voc", *data, "--weights", weights, "--out", str(folder), "--device", "cpu"]
        )

    return run


def _solve(material: Path) -> Callable[[Path], int]:
    def run(folder: Path) -> int:
        os.chdir(folder)  # of this process alone, for snapshot_prefix
        states = sorted(folder.glob("*.solverstate"))
        go_on = ["--snapshot", str(states[-1])] if states else []
        return main(["solve", str(material / "images/solver.prototxt"), "--device", "cpu", *go_on])

    return run


def _evaluate(material: Path) -> Callable[[Path], int]:
    def run(folder: Path) -> int:
        data = ["--data", "voc", "--root", str(material / "voc"), "--resume", str(folder / "done")]
        where = ["--weights", str(material / "mini.safetensors"), "--json", str(folder / "out.json")]
        return main(["evaluate", "dilation8_pascal_voc", *where, *data])

    return run


def _score(material: Path) -> Callable[[Path], int]:
    def run(folder: Path) -> int:
        data = ["--data", "voc", "--root", str(material / "voc"), "--json", str(folder / "out.json")]
        return main(["score", "--predictions", str(material / "predictions"), *data])

    return run


def _digests(*patterns: str) -> Callable[[Path], dict[str, str]]:
    """The files that match, by their digests; losses of a log instead of its times."""

    def result(folder: Path) -> dict[str, str]:
        found = sorted({path for pattern in patterns for path in folder.glob(pattern)})
        return {path.name: _losses(path) if path.suffix == ".jsonl" else _digest(path) for path in found}

    return result


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _losses(path: Path) -> str:
    return str([json.loads(line)["loss"] for line in path.read_text().splitlines()])


def _numbers(name: str) -> Callable[[Path], dict[str, str]]:
    """The confusion in a JSON file."""

    def result(folder: Path) -> dict[str, str]:
        path = folder / name
        text = path.read_text() if path.exists() else ""
        return {name: str(json.loads(text)["confusion"])} if text.startswith("{") else {}

    return result


def unfinished(folder: Path) -> list[str]:
    """Names in a folder that no finished file has."""
    return sorted(name for _, names, files in os.walk(folder) for name in (*names, *files) if name.endswith(".part"))
