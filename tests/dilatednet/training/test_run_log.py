"""A run's log: whole lines, cut back to where a run goes on, TensorBoard where it is installed."""

import json
import sys
import types
from pathlib import Path

import pytest

from converter.dilatednet.training.log import RunLog
from converter.errors import OutputError


def test_lines_are_whole_at_any_moment(tmp_path: Path) -> None:
    with RunLog(tmp_path) as log:
        log.write(iteration=1, loss=0.5, rate=0.1)
        assert json.loads((tmp_path / "log.jsonl").read_text()) == {"iteration": 1, "loss": 0.5, "rate": 0.1}


def test_lines_past_the_checkpoint_and_torn_ones_go(tmp_path: Path) -> None:
    text = '{"iteration": 1}\n{"iteration": 2}\nnot json\n{"iteration": 3}\n{"iteration": 2, "lo'
    (tmp_path / "log.jsonl").write_text(text)
    RunLog(tmp_path, iteration=2).close()
    assert (tmp_path / "log.jsonl").read_text() == '{"iteration": 1}\n{"iteration": 2}\n'


def test_a_line_that_names_no_iteration_stays(tmp_path: Path) -> None:
    """Another program's note, say: it is of no later time than the beginning."""
    (tmp_path / "log.jsonl").write_text('{"note": "mine"}\n[1]\n{"iteration": 1}\n')
    RunLog(tmp_path, iteration=0).close()
    assert (tmp_path / "log.jsonl").read_text() == '{"note": "mine"}\n'


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(OutputError, match=r"log\.jsonl"):
        RunLog(tmp_path)


def test_tensorboard_gets_loss_and_rate_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[object, ...]] = []

    class Writer:
        def __init__(self, folder: str, purge_step: int) -> None:
            seen.append((Path(folder).name, purge_step))

        def add_scalar(self, name: str, value: float, step: int) -> None:
            seen.append((name, value, step))

        def close(self) -> None:
            seen.append(("closed",))

    package = types.ModuleType("torch.utils.tensorboard")
    package.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", package)
    with RunLog(tmp_path, iteration=4) as log:
        log.write(iteration=5, loss=0.5, rate=0.1, seconds=1.0)
    assert seen == [("tensorboard", 5), ("loss", 0.5, 5), ("rate", 0.1, 5), ("closed",)]
