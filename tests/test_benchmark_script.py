"""The benchmark's script: one command gives a table, JSON and Markdown; its arithmetic on rows."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from converter.fast import accelerate
from scripts.benchmarks.plot import Curve, plot
from scripts.benchmarks.processes import ContestantError, Whole, run_whole
from scripts.benchmarks.rows import Row, compare, table
from scripts.benchmarks.tasks import gpu
from tests.dilatednet.formula_nets import formula_net
from tests.places import ROOT


def test_one_quick_group_prints_its_table_and_keeps_it(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "scripts.benchmarks", "--quick", "--only", "convert", "--rounds", "1", "-o", tmp_path]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "### convert" in done.stdout
    assert (tmp_path / "benchmark-quick.md").read_text() == done.stdout.removesuffix("\n")
    kept = json.loads((tmp_path / "benchmark-quick.json").read_text())
    assert kept["machine"]["cores"] >= 1
    assert kept["versions"]["numpy"][0].isdigit()
    rows = {row["name"]: row for row in kept["rows"]}
    assert set(rows) > {"convert", "cp", "protobuf + numpy", "OpenCV 4, reading"}
    assert rows["convert"]["ratios"]["cp"] == pytest.approx(rows["convert"]["median"] / rows["cp"]["median"])
    assert all(len(row["values"]) == 1 and row["peak_bytes"] > 0 for row in rows.values())


def test_ratios_are_medians_of_each_rounds_ratio() -> None:
    rows = [Row("g", "a", [2.0, 9.0, 12.0]), Row("g", "b", [1.0, 3.0, 2.0]), Row("g", "none")]
    compare(rows, "b")
    assert rows[0].ratios == {"b": 3.0}
    assert rows[1].ratios == rows[2].ratios == {}


def test_a_contestant_that_cannot_run_is_a_row_that_says_why() -> None:
    with pytest.raises(ContestantError, match="no such thing"):
        run_whole(Whole("fails", (sys.executable, "-c", "raise SystemExit('no such thing')")))
    with pytest.raises(ContestantError, match="no-such-command: No such file"):
        run_whole(Whole("missing", ("no-such-command",)))
    assert table([Row("g", "x", facts={"not measured": "no such thing"})]).splitlines()[-1] == (
        "| x | – |  |  |  | not measured: no such thing |"
    )


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read on Linux")
def test_a_processs_memory_is_its_own() -> None:
    """Measured from a small process, as the script is: Linux counts the parent's own peak in a child's figure."""
    code = "kept = bytearray(200_000_000); kept[::4096] = b'x' * len(kept[::4096])"
    measure = (
        "import sys; from scripts.benchmarks.processes import Whole, run_whole\n"
        f"print(run_whole(Whole('takes 200 MB', (sys.executable, '-c', {code!r}))).peak)"
    )
    done = subprocess.run([sys.executable, "-c", measure], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 200e6 < int(done.stdout) < 300e6


def test_a_plot_is_xml_and_puts_proportional_cost_on_a_straight_line() -> None:
    drawing = ElementTree.fromstring(plot([("t < 1", [Curve("c", [(1, 0.01), (10, 0.1), (100, 1.0)])]), ("empty", [])]))
    line = drawing.find("{http://www.w3.org/2000/svg}polyline")
    assert line is not None
    (x0, y0), (x1, y1), (x2, y2) = (map(float, point.split(",")) for point in line.attrib["points"].split())
    assert (x1 - x0, y1 - y0) == (pytest.approx(x2 - x1, abs=0.2), pytest.approx(y2 - y1, abs=0.2))


def test_the_algorithms_that_a_gpu_found_fastest_are_told_by_layer():
    net = accelerate(formula_net("dilation8_camvid"))
    assert gpu._algorithms(net) == "direct or fused everywhere"
    net.graph_module.get_submodule("fc6").algorithm = SimpleNamespace(chosen={15: "fourier", 16: "direct"})
    assert gpu._algorithms(net) == "fc6 fourier"
