"""Caffe's solvers through pycaffe: the goldens' losses, weights and snapshots, displays and callbacks."""

import re
from pathlib import Path

import numpy as np
import pytest

import converter.pycaffe as caffe
from tests.formula_weights import hashed_uniform
from tests.places import GOLDENS

SOLVER = GOLDENS / "nets" / "solver"
RECIPES = sorted(path.stem for path in SOLVER.glob("*.npz"))
LAYERS = ("c1", "final", "ctx1", "ctx2")
TOLERANCE = 1e-5


def feed(net: caffe.Net, iteration: int) -> None:
    net.blobs["data"].data[...] = hashed_uniform(f"x{iteration}", 660).reshape(2, 3, 10, 11) * 2 - 1
    label = np.floor(hashed_uniform(f"l{iteration}", 220) * 4.4).reshape(2, 1, 10, 11)
    net.blobs["label"].data[...] = np.where(label == 4, 255, label)


@pytest.mark.parametrize("recipe", RECIPES)
def test_weights_and_losses_follow_caffes(recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SOLVER)
    solver, golden = caffe.get_solver(f"{recipe}_solver.prototxt"), np.load(f"{recipe}.npz")
    for layer in LAYERS:
        for index in (0, 1):
            solver.net.params[layer][index].data[...] = golden[f"init:{layer}:{index}"].reshape(
                solver.net.params[layer][index].shape
            )
    for iteration in range(12):
        feed(solver.net, iteration)
        solver.step(1)
        assert abs(float(solver.net.blobs["loss"].data) - golden["loss"][iteration]) < 1e-4
    for layer in LAYERS:
        for index in (0, 1):
            wanted = golden[f"iter12:{layer}:{index}"]
            seen = solver.net.params[layer][index].data.reshape(wanted.shape)
            assert np.abs(seen - wanted).max() / np.abs(wanted).max() < TOLERANCE, (layer, index)


def test_caffes_snapshot_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SOLVER)
    solver = caffe.AdamSolver("adam_solver.prototxt")
    solver.restore("adam_iter_12.solverstate")
    assert solver.iter == 12
    golden = np.load("adam.npz")["iter12:c1:0"]
    np.testing.assert_array_equal(solver.net.params["c1"][0].data.ravel(), golden.ravel())


NET = """name: "line"
layer { name: "in" type: "Input" top: "x" top: "t" input_param { shape { dim: 1 dim: 1 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 bias_term: false
  weight_filler { type: "constant" value: 1 } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }"""


def solver_of(folder: Path, more: str = "", kind: type = caffe.SGDSolver) -> caffe.SGDSolver:
    (folder / "net.prototxt").write_text(NET)
    (folder / "solver.prototxt").write_text(f"""net: "{folder}/net.prototxt" base_lr: 0.1 lr_policy: "step" gamma: 0.5
      stepsize: 2 max_iter: 4 snapshot_prefix: "{folder}/s" {more}""")
    solver = kind(str(folder / "solver.prototxt"))
    solver.net.blobs["x"].data[...] = 2
    solver.net.blobs["t"].data[...] = 6
    return solver


def test_one_step_by_hand(tmp_path: Path) -> None:
    solver = solver_of(tmp_path)
    solver.step(1)
    # loss = (2 w - 6)² / 2, slope 2 (2 w - 6) = -8 at w = 1; w = 1 + 0.8
    assert float(solver.net.blobs["loss"].data) == 8
    assert solver.net.params["ip"][0].data.item() == pytest.approx(1.8)
    assert solver.net.params["ip"][0].diff.item() == pytest.approx(-0.8)  # the move, as Caffe leaves it


def test_the_rate_follows_the_policy_and_the_script(tmp_path: Path) -> None:
    solver = solver_of(tmp_path)
    rates = []
    for _ in range(3):
        rates.append(solver.lr)
        solver.step(1)
    assert rates == pytest.approx([0.1, 0.1, 0.05])
    solver.param.base_lr = 1
    assert solver.lr == 0.5 and solver.param.max_iter == 4


def test_an_update_uses_the_diffs_that_a_script_wrote(tmp_path: Path) -> None:
    solver = solver_of(tmp_path)
    solver.net.params["ip"][0].diff[...] = 3
    solver.apply_update()
    assert solver.net.params["ip"][0].data.item() == pytest.approx(0.7) and solver.iter == 1


def test_the_class_decides_the_rule_and_get_solver_the_file(tmp_path: Path) -> None:
    assert isinstance(solver_of(tmp_path, 'type: "Adam"', caffe.get_solver), caffe.AdamSolver)
    plain = solver_of(tmp_path, 'type: "Adam"')
    plain.step(1)
    assert plain.net.params["ip"][0].data.item() == pytest.approx(1.8)


def test_solving_tests_displays_and_saves_in_caffes_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    solver = solver_of(tmp_path, "display: 2 test_iter: 3 test_interval: 2 snapshot: 3")
    for name, value in (("x", 1), ("t", 0)):
        solver.test_nets[0].blobs[name].data[...] = value
    solver.solve()
    said = capsys.readouterr().err
    assert solver.iter == 4
    lines = [line.split("] ", 1)[1] for line in said.splitlines()]
    assert all(re.match(r"I\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ \w+\.cpp:\d+\] ", line) for line in said.splitlines())
    assert lines[:5] == [
        "Solving line",
        "Learning Rate Policy: step",
        "Iteration 0, Testing net (#0)",
        "    Test net output #0: loss = 0.5 (* 1 = 0.5 loss)",
        lines[4],
    ]
    assert re.fullmatch(r"Iteration 0 \([\d.e+-]+ iter/s, [\d.e+-]+s/2 iters\), loss = 8", lines[4])
    assert lines[5:7] == ["    Train net output #0: loss = 8 (* 1 = 8 loss)", "Iteration 0, lr = 0.1"]
    assert lines[-1] == "Optimization Done." and any(line.startswith("Iteration 4, loss = ") for line in lines)
    for iteration in (3, 4):
        assert (tmp_path / f"s_iter_{iteration}.caffemodel").is_file()
        assert (tmp_path / f"s_iter_{iteration}.solverstate").is_file()


@pytest.mark.parametrize(
    ("average", "shown"),
    [("", [8, 2.88, 1.0368, 0.663552]), ("average_loss: 2", [8, 5.44, 1.9584, 0.850176])],  # (8 + 2.88) / 2 and so on
)
def test_the_loss_shown_is_the_mean_of_the_last_average_loss(tmp_path: Path, capsys, average: str, shown) -> None:
    """w is 1, 1.8, 2.28, and at half the rate 2.424; the loss (2 w - 6)² / 2, its slope 2 (2 w - 6)."""
    solver_of(tmp_path, f"display: 1 {average}").step(4)
    said = re.findall(r"Iteration \d .*, loss = ([\d.]+)$", capsys.readouterr().err, re.MULTILINE)
    assert [float(value) for value in said] == pytest.approx(shown, rel=1e-5)


def test_a_run_goes_on_from_its_snapshot(tmp_path: Path) -> None:
    whole = solver_of(tmp_path, "momentum: 0.9 snapshot_after_train: false")
    whole.step(2)
    whole.snapshot()
    whole.step(2)
    again = solver_of(tmp_path, "momentum: 0.9 snapshot_after_train: false")
    again.solve(str(tmp_path / "s_iter_2.solverstate"))
    assert again.iter == 4
    assert again.net.params["ip"][0].data.item() == whole.net.params["ip"][0].data.item()


def test_callbacks_come_before_the_pass_and_with_the_gradients(tmp_path: Path) -> None:
    solver, seen = solver_of(tmp_path), []
    weight = solver.net.params["ip"][0]
    solver.add_callback(lambda: seen.append(weight.diff.item()), lambda: seen.append(weight.diff.item()))
    solver.step(1)
    assert seen == [0, -8]


def test_a_net_inside_the_solver(tmp_path: Path) -> None:
    (tmp_path / "solver.prototxt").write_text(
        f'net_param {{ {NET} }} base_lr: 0.1 lr_policy: "fixed" test_iter: 1 test_interval: 5 random_seed: 3'
    )
    solver = caffe.get_solver(str(tmp_path / "solver.prototxt"))
    assert len(solver.test_nets) == 1 and list(solver.net.params) == ["ip"]
    other = caffe.Net(str(_written(tmp_path)), caffe.TEST)
    solver.share_weights(other)
    solver.net.params["ip"][0].data[...] = 9
    assert other.params["ip"][0].data.item() == 9


def _written(folder: Path) -> Path:
    (folder / "net.prototxt").write_text(NET)
    return folder / "net.prototxt"


@pytest.mark.parametrize(
    "text", ["base_lr: 0.1 lr_policy: 'fixed'", "lr_policy: 'none'", "net: 'nowhere' base_lr: 1 lr_policy: 'fixed'"]
)
def test_solvers_that_do_not_load_raise_runtime_errors(tmp_path: Path, text: str) -> None:
    (tmp_path / "solver.prototxt").write_text(text)
    with pytest.raises(RuntimeError):
        caffe.get_solver(str(tmp_path / "solver.prototxt"))
