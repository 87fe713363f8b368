"""Many nets at once: ten pairs of which two are broken, what a second run leaves alone, and what it does again."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import converter
from converter.cli import main
from converter.errors import CaffemodelError, ComparisonError, OutputError
from converter.verify.batch import convert as batch
from tests.places import ROOT

NET = (
    'name: "{name}" input: "data" input_shape {{ dim: 1 dim: 3 }}\n'
    'layer {{ name: "fc" type: "{type}" bottom: "data" top: "fc" inner_product_param {{ num_output: 2 }} }}\n'
)
NAMES = ("a", "b", "c", "caffenet/c_iter_100", "caffenet/c_iter_2000", "d", "e", "f", "truncated", "unknown")
BROKEN = ("truncated", "unknown")


def numbers(name: str) -> dict[str, np.ndarray]:
    """Weights that tell the nets apart."""
    index = NAMES.index(name)
    return {
        "fc.weight": np.arange(6, dtype=np.float32).reshape(2, 3) + index,
        "fc.bias": np.array([index, -1], np.float32),
    }


def write_weights(path: Path, arrays: dict[str, np.ndarray], folder: Path) -> None:
    """A caffemodel with these numbers."""
    (folder / "made.prototxt").write_text(NET.format(name="made", type="InnerProduct"))
    save_file(arrays, folder / "made.safetensors")
    path.parent.mkdir(exist_ok=True)
    converter.convert(folder / "made.safetensors", path, folder / "made.prototxt")


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    """Ten pairs, the prototxts named in each of the ways that there are."""
    folder = tmp_path / "zoo"
    folder.mkdir()
    for name in NAMES:
        write_weights(folder / f"{name}.caffemodel", numbers(name), tmp_path)
        net = {"b": "b_deploy", "c": "c-deploy"}.get(name, name)
        if "/" not in name:
            kind = "NoSuchLayer" if name == "unknown" else "InnerProduct"
            (folder / f"{net}.prototxt").write_text(NET.format(name=name, type=kind))
    (folder / "caffenet/deploy.prototxt").write_text(NET.format(name="caffenet", type="InnerProduct"))
    whole = (folder / "truncated.caffemodel").read_bytes()
    (folder / "truncated.caffemodel").write_bytes(whole[:-10])
    return folder


def statuses(report: batch.BatchReport) -> dict[str, str]:
    return {result.name: result.status for result in report.results}


def test_eight_are_converted_and_two_fail(zoo, tmp_path, capsys):
    out = tmp_path / "out"
    code = main(["convert", "--all", str(zoo), "-o", str(out), "--to", "safetensors,npz"])
    table = capsys.readouterr().out

    assert code == 1
    for name in NAMES:
        (line,) = [line for line in table.splitlines() if line.split()[0] == name]
        if name in BROKEN:
            assert line.split()[1] == "failed"
            assert not (out / f"{name}.safetensors").exists()
            continue
        assert line.split()[1:3] == ["converted", "safetensors,npz"]
        found = load_file(out / f"{name}.safetensors")
        assert {key: value.tolist() for key, value in found.items()} == {
            key: value.tolist() for key, value in numbers(name).items()
        }
        assert (out / f"{name}.npz").exists()


def test_the_report_tells_what_was_made_of_what(zoo, tmp_path):
    converter.convert_all(zoo, tmp_path / "out")
    report = json.loads((tmp_path / "out/report.json").read_text())
    by_name = {entry["name"]: entry for entry in report["results"]}

    assert sorted(by_name) == sorted(NAMES)
    assert "truncated" in by_name["truncated"]["error"]
    assert "NoSuchLayer" in by_name["unknown"]["error"]
    digest = subprocess.run(["sha256sum", zoo / "a.caffemodel"], capture_output=True, text=True, check=True)
    assert by_name["a"]["sources"]["weights"] == digest.stdout.split()[0]
    digest = subprocess.run(["sha256sum", tmp_path / "out/a.safetensors"], capture_output=True, text=True, check=True)
    assert by_name["a"]["formats"] == {"safetensors": {"a.safetensors": digest.stdout.split()[0]}}


def test_without_failures_the_code_is_0(zoo, tmp_path):
    for name in BROKEN:
        (zoo / f"{name}.caffemodel").unlink()

    assert main(["convert", "--all", str(zoo), "-o", str(tmp_path / "out")]) == 0


def test_what_is_done_is_left_alone(zoo, tmp_path, monkeypatch):
    """A second run converts nothing anew, and tries again what failed."""
    converter.convert_all(zoo, tmp_path / "out")
    called = calls(monkeypatch)
    report = converter.convert_all(zoo, tmp_path / "out")

    assert statuses(report) == {name: "failed" if name in BROKEN else "unchanged" for name in NAMES}
    assert {Path(weights).stem for weights in called} == set(BROKEN)


def test_a_run_that_was_broken_off_goes_on(zoo, tmp_path, monkeypatch):
    """Ctrl-C at the third net: the first two are recorded and left alone."""
    told: list[str] = []

    def interrupt(result: batch.Result) -> None:
        told.append(result.name)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        converter.convert_all(zoo, tmp_path / "out", tell=interrupt)
    called = calls(monkeypatch)
    converter.convert_all(zoo, tmp_path / "out")

    assert told == ["a", "b"]
    assert {Path(weights).stem for weights in called} == {Path(name).name for name in NAMES} - {"a", "b"}


@pytest.mark.parametrize("touched", ["weights", "prototxt", "result", "missing result"])
def test_what_changed_is_done_again(zoo, tmp_path, monkeypatch, touched):
    out = tmp_path / "out"
    converter.convert_all(zoo, out)
    if touched == "weights":
        write_weights(zoo / "a.caffemodel", numbers("b"), tmp_path)
    elif touched == "prototxt":
        (zoo / "a.prototxt").write_text(NET.format(name="another", type="InnerProduct"))
    elif touched == "result":
        (out / "a.safetensors").write_bytes(b"damaged")
    else:
        (out / "a.safetensors").unlink()
    called = calls(monkeypatch)
    report = converter.convert_all(zoo, out)

    assert statuses(report)["a"] == "converted"
    assert {Path(weights).stem for weights in called} == {"a", *BROKEN}
    wanted = numbers("b" if touched == "weights" else "a")
    assert load_file(out / "a.safetensors")["fc.bias"].tolist() == wanted["fc.bias"].tolist()


def test_another_format_is_made_beside_what_is_there(zoo, tmp_path):
    """py writes its weights as a.safetensors, which the record then knows under both."""
    out = tmp_path / "out"
    for name in (*NAMES[1:],):
        (zoo / f"{name}.caffemodel").unlink()
    converter.convert_all(zoo, out)
    (result,) = converter.convert_all(zoo, out, ("py", "safetensors")).results

    assert result.status == "converted"
    assert {form: sorted(files) for form, files in result.formats.items()} == {
        "safetensors": ["a.safetensors"],
        "py": ["a.py", "a.safetensors"],
    }
    assert statuses(converter.convert_all(zoo, out, ("safetensors", "py"))) == {"a": "unchanged"}


def test_other_options_make_it_again(zoo, tmp_path):
    converter.convert_all(zoo, tmp_path / "out")

    assert statuses(converter.convert_all(zoo, tmp_path / "out", allow_nan=True))["a"] == "converted"


def test_each_is_verified_where_that_is_asked_for(zoo, tmp_path, monkeypatch):
    """Once; and one that differs from the oracle is not converted, nor does it stop the others."""
    out = tmp_path / "out"
    converter.convert_all(zoo, out)
    report = converter.convert_all(zoo, out, verify=True)
    again = converter.convert_all(zoo, out, verify=True)

    assert statuses(report)["a"] == "verified" and statuses(again)["a"] == "unchanged"
    assert {result.name for result in report.results if result.parity is None} == set(BROKEN)
    assert all(max(result.parity.values()) < 1e-5 for result in report.results if result.parity)

    def differ(pair: batch.Pair, _options: dict) -> dict[str, float]:
        if pair.name == "a":
            raise ComparisonError("the net differs from the oracle")
        return {"fc": 0.0}

    monkeypatch.setattr(batch, "_parity", differ)
    report = converter.convert_all(zoo, tmp_path / "other", verify=True)
    assert statuses(report) == {name: "failed" if name in ("a", *BROKEN) else "converted" for name in NAMES}
    assert not (tmp_path / "other/a.safetensors").exists()


def test_weights_without_a_net_are_told(zoo, tmp_path):
    """Two nets' weights in one folder: its deploy.prototxt could be either's."""
    write_weights(zoo / "caffenet/lone.caffemodel", numbers("a"), tmp_path)
    report = converter.convert_all(zoo, tmp_path / "out")
    (lone,) = [result for result in report.results if result.name == "caffenet/lone"]

    assert lone.status == "failed"
    assert "looked for lone.prototxt, lone_deploy.prototxt, lone-deploy.prototxt" in lone.error


def test_results_inside_the_folder_are_not_converted_too(zoo):
    converter.convert_all(zoo, zoo / "out", ("caffemodel",))

    assert set(statuses(converter.convert_all(zoo, zoo / "out", ("caffemodel",)))) == set(NAMES)


def test_an_unforeseen_error_is_one_nets_alone(zoo, tmp_path, monkeypatch):
    def fail(weights, *args, **kwargs):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(batch, "convert", fail)
    report = converter.convert_all(zoo, tmp_path / "out")

    assert len(report.failed) == len(NAMES)
    assert report.results[0].error == "safetensors: ZeroDivisionError: by zero"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--all", "{zoo}"], "--all needs a folder for results"),
        (["--all", "{zoo}", "-o", "{out}", "--until", "fc"], "until: for one net"),
        (["--all", "{zoo}", "-o", "{out}", "--scale", "2", "--color", "rgb"], "scale, color: for one net"),
        (["weights.caffemodel"], "give WEIGHTS and OUT"),
        (["a.caffemodel", "b.npz", "-o", "{out}"], "give WEIGHTS and OUT"),
    ],
)
def test_wrong_use_exits_with_the_usage(zoo, tmp_path, capsys, arguments, complaint):
    with pytest.raises(SystemExit, match="2"):
        main(["convert", *(word.format(zoo=zoo, out=tmp_path / "out") for word in arguments)])

    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--all", "{zoo}", "-o", "{out}", "--to", "tflite"], "no such format: 'tflite'"),
        (["--all", "{out}", "-o", "{out}"], "is no folder"),
    ],
)
def test_what_cannot_begin_leaves_nothing(zoo, tmp_path, capsys, arguments, complaint):
    assert main(["convert", *(word.format(zoo=zoo, out=tmp_path / "out") for word in arguments)]) == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_without_weights_is_refused(tmp_path):
    with pytest.raises(CaffemodelError, match="holds no file that ends in"):
        converter.convert_all(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("text", ["", "[]", '{"version": 1}', '{"version": "VERSION", "results": [{"name": 1}]}'])
def test_another_file_of_the_reports_name_is_not_overwritten(zoo, tmp_path, text):
    path = tmp_path / "report.json"
    path.write_text(text.replace("VERSION", converter.__version__))
    with pytest.raises(OutputError, match="no report of an earlier run"):
        converter.convert_all(zoo, tmp_path)


def test_weights_alone_need_no_torch(zoo, tmp_path):
    code = "import sys, converter; converter.convert_all(*sys.argv[1:]); print('torch' in sys.modules)"
    line = [sys.executable, "-c", code, str(zoo), str(tmp_path / "out")]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The weights that are converted from now on."""
    seen: list[str] = []

    def convert(weights, *args, **kwargs):
        seen.append(str(weights))
        return converter.convert(weights, *args, **kwargs)

    monkeypatch.setattr(batch, "convert", convert)
    return seen
