"""`dilatednet caffe`: flags, log lines and exit codes of Caffe's program."""

import os
import re
import signal
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from converter.cli import main
from converter.pycaffe import glog

ABORTED = 134  # 128 and SIGABRT's number, 6: glog's CHECK calls abort()

NET = """name: "line"
layer { name: "data" type: "HDF5Data" top: "x" top: "t" hdf5_data_param { source: "list.txt" batch_size: 2 } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 bias_term: false
  weight_filler { type: "constant" value: 1 } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }
layer { name: "extra" type: "Silence" bottom: "y" include { stage: "never" } }"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.array([[1], [2], [3], [4]], np.float32)
        file["t"] = np.array([[2], [4], [6], [8]], np.float32)
    (tmp_path / "list.txt").write_text("a.h5\n")
    (tmp_path / "net.prototxt").write_text(NET)
    (tmp_path / "solver.prototxt").write_text("""net: "net.prototxt" base_lr: 0.01 lr_policy: "fixed" max_iter: 4
      display: 2 test_iter: 2 test_interval: 4 snapshot_prefix: "s" """)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GLOG_minloglevel", raising=False)
    return tmp_path


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    said = capsys.readouterr().err.splitlines()
    assert all(re.match(r"I\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ \w+\.cpp:\d+\]", line) for line in said)
    return [line.split("] ", 1)[1] for line in said]


def test_training_says_what_log_readers_look_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["caffe", "train", "--solver=solver.prototxt"]) == 0
    said = lines(capsys)
    # Batches x = 1, 2 and 3, 4 at w = 1, target 2 x: the test's loss is the mean of 5 / 4 and 25 / 4.
    assert said[:6] == [
        "Use CPU.",
        "Starting Optimization",
        "Solving line",
        "Learning Rate Policy: fixed",
        "Iteration 0, Testing net (#0)",
        "    Test net output #0: loss = 3.75 (* 1 = 3.75 loss)",
    ]
    assert re.match(r"Iteration 0 \(.* iter/s, .*s/2 iters\), loss = 1\.25$", said[6])
    assert said[7:9] == ["    Train net output #0: loss = 1.25 (* 1 = 1.25 loss)", "Iteration 0, lr = 0.01"]
    assert said[-1] == "Optimization Done." and (folder / "s_iter_4.caffemodel").is_file()


def test_training_goes_on_from_a_snapshot_and_from_weights(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["caffe", "train", "-solver", "solver.prototxt"]) == 0
    text = (folder / "solver.prototxt").read_text()
    (folder / "solver.prototxt").write_text(text.replace("max_iter: 4", "max_iter: 6"))
    assert main(["caffe", "train", "-solver", "solver.prototxt", "-snapshot", "s_iter_4.solverstate"]) == 0
    assert "Resuming from s_iter_4.solverstate" in lines(capsys) and (folder / "s_iter_6.solverstate").is_file()
    assert main(["caffe", "train", "-solver", "solver.prototxt", "-weights", "s_iter_6.caffemodel"]) == 0
    assert "Finetuning from s_iter_6.caffemodel" in lines(capsys)
    both = ["--snapshot", "s_iter_4.solverstate", "--weights", "s_iter_4.caffemodel"]
    assert main(["caffe", "train", "--solver", "solver.prototxt", *both]) == ABORTED
    assert "give one of them" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "flags", "iterations", "word"),
    [
        (signal.SIGINT, [], 1, "Optimization stopped early."),
        (signal.SIGHUP, [], 4, "Snapshotting to binary proto file s_iter_1.caffemodel"),
        (signal.SIGINT, ["--sigint_effect", "none"], 4, "Optimization Done."),
    ],
)
def test_signals_do_what_the_flags_say(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    number: int,
    flags: list[str],
    iterations: int,
    word: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from converter.pycaffe.solver import Solver

    step = Solver._iterate

    def once(solver: Solver) -> None:
        if solver.iter == 0:
            os.kill(os.getpid(), number)
        step(solver)

    monkeypatch.setattr(Solver, "_iterate", once)
    assert main(["caffe", "train", "--solver", "solver.prototxt", *flags]) == 0
    assert word in lines(capsys) and (folder / f"s_iter_{iterations}.solverstate").is_file()


def test_scores_of_every_batch_and_their_means(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["caffe", "train", "--solver", "solver.prototxt"])
    capsys.readouterr()
    import converter.pycaffe as caffe

    net = caffe.Net("net.prototxt", caffe.TEST)
    net.save("one.caffemodel")  # w = 1 still
    assert main(["caffe", "test", "--model", "net.prototxt", "--weights", "one.caffemodel", "-iterations", "2"]) == 0
    assert lines(capsys) == [
        "Use CPU.",
        "Running for 2 iterations.",
        "Batch 0, loss = 1.25",
        "Batch 1, loss = 6.25",
        "Loss: 3.75",
        "loss = 3.75 (* 1 = 3.75 loss)",
    ]


def test_times_of_every_layer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["caffe", "time", "--model=net.prototxt", "--iterations=2", "--phase", "TEST"]) == 0
    said = lines(capsys)
    assert said[2] == "Initial loss: 1.25" and "Testing for 2 iterations." in said
    assert sum(bool(re.match(r"Iteration: [12] forward-backward time: \S+ ms\.$", line)) for line in said) == 2
    for name in ("data", "ip", "loss"):
        assert any(re.fullmatch(rf" *{name}\tforward: [\d.e+-]+ ms\.", line) for line in said)
    assert re.match(r"Average Forward pass: [\d.e+-]+ ms\.", said[-5]) and said[-1] == "*** Benchmark ends ***"


def test_device_query_without_a_device_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["caffe", "device_query"]) == 0 and capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["train"], "--solver is missing"),
        (["test", "--model", "net.prototxt"], "--weights is missing"),
        (["time", "--model", "nowhere"], "Could not open file nowhere"),
        (["time", "--model", "net.prototxt", "--phase", "MOON"], "expected TRAIN or TEST"),
        (["time", "--model", "net.prototxt", "--iterations", "0"], "expected 1 or more"),
        (["device_query", "--gpu", "99"], "CUDA devices are there"),
        (["train", "--solver", "solver.prototxt", "--sigint_effect", "jump"], "--sigint_effect is 'jump'"),
        (["train", "--solver", "solver.prototxt", "--log_dir", "nowhere"], "--log_dir nowhere: No such file"),
        (["fly"], "unknown action 'fly'; expected train, test, time, device_query"),
    ],
)
def test_bad_calls_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    assert main(["caffe", *arguments]) == ABORTED
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["time", "--model", "net.prototxt", "--speed", "9"], 1, "--speed"),
        (["time", "--model", "net.prototxt", "--iterations", "many"], 1, "many"),
        (["time", "--model"], 1, "--model"),
        ([], 0, "usage: "),
        (["--model", "net.prototxt"], 0, "usage: "),
        (["train", "test"], 0, "usage: "),
    ],
)
def test_codes_of_flags_are_gflags(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, word: str
) -> None:
    with pytest.raises(SystemExit) as stop:
        sys.exit(main(["caffe", *arguments]))
    assert stop.value.code == code
    said = capsys.readouterr()
    assert word in said.out + said.err


def test_the_log_goes_to_a_file_as_well(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "log").mkdir()
    flags = ["--log_dir=log", "-alsologtostderr", "--logtostderr=1"]
    assert main(["caffe", "train", "--solver=solver.prototxt", *flags]) == 0
    said = capsys.readouterr().err
    text = (folder / "log/caffe.INFO").read_text()
    assert text.endswith(said) and "Iteration 0, lr = 0.01" in said
    assert re.fullmatch(r"Log file created at: .*\nRunning on machine: .*\n", text.removesuffix(said))
    assert main(["caffe", "train", "--solver=solver.prototxt", "--minloglevel=2"]) == 0
    assert capsys.readouterr().err == ""
    glog.init_log()


def test_a_log_folder_may_stand_in_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOG_log_dir", str(folder))
    assert main(["caffe", "train", "--solver=solver.prototxt"]) == 0
    (name,) = (path.name for path in folder.glob("caffe.*.log.INFO.*"))
    assert (folder / "caffe.INFO").readlink() == Path(name)
