"""Shards whose workers are killed, merged, are one run; docs/scaling.md names options that there are."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from converter.cli import main
from scripts._shard_simulation import CLASSES, Settings, merge
from tests.places import ROOT


def simulate(*arguments: str) -> str:
    line = [sys.executable, "-m", "scripts._shard_simulation", *arguments]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def counted(said: str) -> tuple[int, int, int, int]:
    """Shards, workers, workers killed, images saved by journals."""
    found = re.match(r"([\d,]+) shards of \d+ images: ([\d,]+) workers, (\d+) killed, (\d+) finished", said)
    assert found
    shards, workers, killed, saved = (int(text.replace(",", "")) for text in found.groups())
    return shards, workers, killed, saved


def test_shards_of_killed_workers_come_to_the_confusion_of_one_run():
    said = simulate("--shards", "24", "--killed", "0.4")

    shards, workers, killed, saved = counted(said)
    assert shards == 24 and killed > 3 and workers == shards + killed and saved > 0
    assert said.endswith("the merged confusion matrix is that of one run\n")


@pytest.mark.slow
def test_a_thousand_shards_with_one_worker_in_twenty_killed():
    shards, workers, killed, _ = counted(simulate())

    assert shards == 1000 and 25 < killed < 80 and workers == shards + killed


@pytest.mark.parametrize(
    ("names", "seen"), [((["a"], ["a"]), "2 images in all shards, 1 different"), ((["a"], []), "1 images")]
)
def test_an_image_twice_or_missing_is_refused(names, seen, tmp_path):
    for number, held in enumerate(names):
        (tmp_path / f"shard-{number:05}").mkdir()
        result = {"by_image": dict.fromkeys(held, 1.0), "confusion": np.eye(CLASSES, dtype=int).tolist()}
        (tmp_path / f"shard-{number:05}" / "result.json").write_text(json.dumps(result))

    with pytest.raises(SystemExit, match=seen):
        merge(tmp_path, Settings(shards=2, images=1))


def test_the_page_names_options_that_there_are(capsys):
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    text = (ROOT / "docs" / "scaling.md").read_text()
    other = {"--only", "--nproc-per-node"}

    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) - other <= known
