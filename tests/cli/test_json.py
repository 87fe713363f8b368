"""`--json`: each command's object has just the fields of docs/json.md, of the types that it says."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from converter.cli import main
from converter.cli._output import plain
from converter.data.labels import write_labels
from converter.dilatednet import published
from converter.download.sources import Source
from tests.cli.test_solve import TESTED, written
from tests.data.made_voc import make_voc
from tests.dilatednet.training.test_features import voc_root
from tests.places import GOLDENS, ROOT

MINI = GOLDENS / "nets/mini"
NET, WEIGHTS = MINI / "dilation7_kitti_mini.prototxt", MINI / "dilation7_kitti_mini.caffemodel"
SMALL = (
    'name: "small" input: "data" input_shape { dim: 1 dim: 3 }\n'
    'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 2 '
    'weight_filler { type: "xavier" } } }\n'
)
ERROR = {"class", "message", "file", "line", "layer"}
_ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \|", re.MULTILINE)
_LEAVES = {
    "string": str,
    "integer": int,
    "number": (int, float, str),  # NaN and infinities are strings
    "boolean": bool,
}
_ITEMS = {
    "list of strings": str,
    "list of integers": int,
    "list of numbers": (int, float, str),
    "list of lists": list,
}


def page_tables() -> dict[str, dict[str, str]]:
    """Each command's fields with their types, by heading; those of every object under ""."""
    parts = re.split(r"^## (.+)$", (ROOT / "docs/json.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    titles = ["", *parts[1::2]]
    return {title: dict(_ROW.findall(text)) for title, text in zip(titles, parts[::2], strict=True)}


TABLES = page_tables()


def check_fields(fields: dict[str, Any], table: dict[str, str], prefix: str = "") -> None:
    """Fail unless an object has just the table's fields below `prefix`, each of its type."""
    names = {path[len(prefix) :] for path in table if path.startswith(prefix)}
    assert set(fields) == {name for name in names if not re.search(r"[.\[]", name)}, prefix
    for name, value in fields.items():
        check_value(value, table[prefix + name], table, prefix + name)


def check_value(value: Any, kind: str, table: dict[str, str], path: str) -> None:
    """Fail unless a value is of a type as the page writes it."""
    kind, _, empty = kind.strip().partition(" or ")
    if empty == "null" and value is None:
        return
    if kind == "object":
        check_fields(value, table, f"{path}.")
    elif kind == "list of objects":
        for item in value:
            check_fields(item, table, f"{path}[].")
    elif kind.startswith("object by "):
        assert isinstance(value, dict), path
    elif kind in _ITEMS:
        found = [item for item in value if item is not None or empty != "nulls"]
        assert all(isinstance(item, _ITEMS[kind]) for item in found), (path, value)
    else:
        assert isinstance(value, _LEAVES[kind]), (path, value)
        assert kind in ("boolean",) or not isinstance(value, bool), path


def run_json(capsys: pytest.CaptureFixture[str], *words: object, option: tuple[str, ...] = ("--json",)) -> Any:
    """A command's exit code and object, which must be all of standard output, in one line."""
    capsys.readouterr()
    code = main([*map(str, words), *option])
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert out.isascii()
    found = json.loads(out)
    assert found["command"] == words[0]
    return code, found


def checked(capsys: pytest.CaptureFixture[str], *words: object, title: str = "", **more: Any) -> Any:
    """The same, held against the page; own fields only."""
    code, found = run_json(capsys, *words, **more)
    status = found.pop("status")
    assert status == {0: "ok", 1: "error" if "--all" in words else "differs"}.get(code, "error")
    found.pop("command")
    assert ("error" in found) == (status == "error")
    if status == "error":
        check_fields(found.pop("error"), TABLES[""], "error.")
    check_fields(found, TABLES[title or str(words[0])])
    return code, found


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "net.prototxt").write_text(SMALL)
    return tmp_path / "net.prototxt"


def test_inspect(capsys, small: Path) -> None:
    """fc: 2 × 3 weights and 2 biases; each weight once."""
    code, found = checked(capsys, "inspect", small)
    assert (code, found["net"], found["parameters"], found["multiply_adds"]) == (0, "small", 2 * 3 + 2, 2 * 3)
    assert [layer["shape"] for layer in found["layers"]] == [[1, 3], [1, 2]]
    code, found = checked(capsys, "inspect", NET, WEIGHTS)
    assert (code, len(found["layers"][0]["receptive_field"])) == (0, 2)


def test_inspect_of_what_does_not_build_has_table_and_error(capsys, small: Path) -> None:
    small.write_text(SMALL.replace("InnerProduct", "Foo"))
    code, found = run_json(capsys, "inspect", small)
    assert (code, found["status"], found["error"]["file"]) == (2, "error", str(small))
    assert found["layers"][-1]["type"] == "Foo (unknown)"
    assert len(found["problems"]) == 1
    checked(capsys, "inspect", small)


def test_verify_passes_and_fails(capsys, small: Path, tmp_path: Path) -> None:
    assert checked(capsys, "verify", small)[0] == 0
    data = np.ones((1, 3), np.float32)
    np.savez(tmp_path / "other.npz", **{"in:data": data, "out:fc": np.full((1, 2), 1e6, np.float32)})
    code, found = checked(capsys, "verify", small, "--against", tmp_path / "other.npz")
    assert (code, [case["checks"][0]["passed"] for case in found["cases"]]) == (1, [False])


def test_convert(capsys, tmp_path: Path) -> None:
    code, found = checked(capsys, "convert", WEIGHTS, tmp_path / "w.npz")
    assert (code, found["out"], found["source"]) == (0, str(tmp_path / "w.npz"), str(WEIGHTS))
    assert checked(capsys, "convert", WEIGHTS, tmp_path / "w.h5", "--no-checksum")[1]["sha256"] is None


def test_convert_all(capsys, tmp_path: Path) -> None:
    (tmp_path / "zoo").mkdir()
    for name in ("a", "b"):
        (tmp_path / f"zoo/{name}.prototxt").write_text(NET.read_text())
        (tmp_path / f"zoo/{name}.caffemodel").write_bytes(WEIGHTS.read_bytes()[: None if name == "a" else 1000])
    words = ("convert", "--all", tmp_path / "zoo", "-o", tmp_path / "out")
    code, found = checked(capsys, *words, title="convert --all")
    assert (code, {net["name"]: net["status"] for net in found["nets"]}) == (1, {"a": "converted", "b": "failed"})
    assert found["report"] == str(tmp_path / "out/report.json")


def test_predict(capsys, tmp_path: Path) -> None:
    Image.fromarray(np.zeros((7, 9, 3), np.uint8)).save(tmp_path / "p.png")
    (tmp_path / "bad.png").write_text("no image")
    words = ("predict", "-o", tmp_path / "out", "kitti", "--weights", WEIGHTS, tmp_path / "p.png")
    code, found = checked(capsys, *words)
    assert (code, sum(found["images"][0]["pixels"]), found["failed"]) == (0, 7 * 9, [])
    code, found = checked(capsys, *words, tmp_path / "bad.png")
    assert (code, len(found["images"]), found["failed"][0]["file"]) == (2, 1, str(tmp_path / "bad.png"))


def test_init(capsys, tmp_path: Path) -> None:
    line = ["init", "kitti", "--width", "2", "-o", tmp_path / "w.safetensors"]
    code, found = checked(capsys, *line)
    assert (code, found["model"], found["weights"], found["prototxt"]) == (0, "dilation7_kitti", None, None)
    _, found = checked(capsys, *line, "--prototxt", tmp_path / "w.prototxt")
    assert found["prototxt"] == str(tmp_path / "w.prototxt")


def test_download_of_a_file_that_is_there(capsys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source("model", "model.bin", ("http://localhost/model.bin",), 4)
    monkeypatch.setattr(published, "published_sources", lambda: [source])
    (tmp_path / "have").write_bytes(b"four")
    code, found = checked(capsys, "download", "model", "--from-file", tmp_path / "have", "-o", tmp_path / "out")
    assert (code, found) == (0, {"file": str(tmp_path / "out/model.bin"), "checked": False, "unpacked": None})


def test_solve(capsys, tmp_path: Path) -> None:
    solver = Path(written(tmp_path, 1, TESTED))
    solver.write_text(solver.read_text() + "test_iter: 1 test_interval: 1")
    code, found = checked(capsys, "solve", solver, "--device", "cpu")
    assert (code, found["finished"], found["iteration"], len(found["files"])) == (0, True, 1, 2)
    assert [sorted(test["outputs"]) for test in found["tests"]] == [["accuracy", "loss"]] * 2


def test_train_and_features(capsys, tmp_path: Path) -> None:
    common = ["--preset", "voc", "--data", voc_root(tmp_path / "data"), "--device", "cpu"]
    few = ["--iterations", "1", "--workers", "0", "--batch", "2", "--width", "2", "--fc-width", "8", "--crop", "380"]
    words = ["train", "frontend", *common, *few, "--from-scratch", "--out", tmp_path / "front"]
    code, found = checked(capsys, *words)
    assert (code, found["finished"], found["iteration"]) == (0, True, 1)
    size = ["--input-size", "412", "428", "--limit", "2"]
    words = ["features", *common, "--weights", found["weights"], "--out", tmp_path / "maps", *size]
    assert checked(capsys, *words)[1]["made"] == 2
    assert checked(capsys, *words)[1]["present"] == 2


def own_data(folder: Path) -> list[object]:
    """An image of kitti's classes with its labels, as arguments."""
    for name in ("images", "labels"):
        (folder / name).mkdir()
    Image.fromarray(np.zeros((7, 9, 3), np.uint8)).save(folder / "images/a.png")
    write_labels(folder / "labels/a.png", np.zeros((7, 9), np.uint8))
    return ["--images", folder / "images", "--labels-dir", folder / "labels"]


def test_evaluate_and_score_print_on_a_dash_and_write_to_a_name(capsys, tmp_path: Path) -> None:
    data = own_data(tmp_path)
    dash = {"option": ("--json", "-")}
    words = ["evaluate", "kitti", "--weights", WEIGHTS, *data, "--save-predictions", tmp_path / "out"]
    code, found = checked(capsys, *words, **dash)
    assert (code, found["images"], found["pixels"], found["classes"]) == (0, 1, 63, 11)
    score = ["score", "--predictions", tmp_path / "out", *data, "--classes", "11"]
    assert checked(capsys, *score, **dash)[1]["confusion"] == found["confusion"]
    assert main([*map(str, score), "--json", str(tmp_path / "r.json")]) == 0
    assert "mean accuracy" in capsys.readouterr().out
    check_fields(json.loads((tmp_path / "r.json").read_text()), TABLES["score"])


def test_score_beside_the_papers_row(capsys, tmp_path: Path) -> None:
    """The paper prints 72.1 as the mean, and no IoU of the background."""
    zero = np.zeros((4, 5), np.uint8)
    root = make_voc(tmp_path / "voc", {"a": (np.zeros((4, 5, 3), np.uint8), zero)})
    (tmp_path / "out").mkdir()
    write_labels(tmp_path / "out/a.png", zero)
    words = ["score", "--predictions", tmp_path / "out", "--data", "voc", "--root", root]
    code, found = checked(capsys, *words, option=("--json", "-"))
    assert (code, found["paper"]["mean_iou"], found["paper"]["iou"][0]) == (0, 72.1, None)


def test_an_error_is_an_object_too_with_its_place(capsys, small: Path) -> None:
    small.write_text(SMALL + "layer { name: }\n")
    code, found = run_json(capsys, "inspect", small)
    assert (code, found["status"], set(found), set(found["error"])) == (
        2, "error", {"command", "status", "error"}, ERROR,
    )  # fmt: skip
    assert (found["error"]["class"], found["error"]["file"], found["error"]["line"]) == ("PrototxtError", str(small), 3)


@pytest.mark.parametrize(
    ("words", "option", "said"),
    [
        (["inspect"], ("--json",), "NET"),
        (["convert", "w.caffemodel"], ("--json",), "give WEIGHTS and OUT"),
        (["score"], ("--json", "-"), "--predictions"),
    ],
)
def test_arguments_that_are_refused_are_an_object_too(capsys, words, option, said) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, *option])
    assert ended.value.code == 2
    found = json.loads(capsys.readouterr().out)
    assert (found["command"], found["status"], found["error"]["class"]) == (words[0], "error", "UsageError")
    assert said in found["error"]["message"]


def test_without_a_command_there_is_an_object_all_the_same(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["--json"])
    assert json.loads(capsys.readouterr().out)["command"] is None


def test_names_from_files_are_unaltered_and_the_line_is_ascii(capsys, small: Path) -> None:
    small.write_text(SMALL.replace('name: "fc"', r'name: "\033[2J\303\251\276"'))
    assert run_json(capsys, "inspect", small)[1]["layers"][-1]["name"] == "\x1b[2Jé\\xbe"


def test_numbers_that_json_lacks_are_protobufs_words() -> None:
    values = [float("nan"), np.float32("inf"), -np.inf, np.bool_(True), np.int64(3), Path("a")]
    assert plain(values) == ["NaN", "Infinity", "-Infinity", True, 3, "a"]


def test_the_check_of_fields_can_fail() -> None:
    table = {"a": "string", "b": "object or null", "b.c": "integer", "d": "list of objects", "d[].e": "number"}
    check_fields({"a": "x", "b": {"c": 1}, "d": [{"e": 0.5}]}, table)
    for wrong in (
        {"a": "x", "b": None},
        {"a": None, "b": None, "d": []},
        {"a": "x", "b": {"c": 1.5}, "d": []},
        {"a": "x", "b": {}, "d": []},
        {"a": "x", "b": None, "d": [{"e": 1, "f": 2}]},
        {"a": "x", "b": None, "d": [{"e": [1]}]},
    ):
        with pytest.raises(AssertionError):
            check_fields(wrong, table)
