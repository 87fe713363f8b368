"""Classifier, Detector, drawings, logs, modes, and the module names under which scripts find it all."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import converter.pycaffe as caffe
from converter.cli import main
from converter.errors import OutputError
from converter.pycaffe import draw, glog
from converter.pycaffe.proto import caffe_pb2
from tests.places import ROOT

NET = """force_backward: true
layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 4 dim: 3 dim: 2 dim: 2 } } }
layer { name: "mean" type: "Pooling" bottom: "data" top: "prob" pooling_param { pool: AVE kernel_size: 2 } }"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "net.prototxt").write_text(NET)
    caffe.Net(str(tmp_path / "net.prototxt"), caffe.TEST).save(str(tmp_path / "w.caffemodel"))
    return str(tmp_path / "net.prototxt"), str(tmp_path / "w.caffemodel")


def test_a_classifier_averages_ten_crops_or_takes_the_center(files: tuple[str, str]) -> None:
    net = caffe.Classifier(*files, image_dims=(4, 4), raw_scale=10, mean=np.array([1, 2, 3]), channel_swap=(2, 1, 0))
    image = np.zeros((4, 4, 3), np.float32)
    image[1:3, 1:3, 0] = 1  # red in the center; crops of 2 × 2: the center sees 1, each corner 1/4
    center = net.predict([image], oversample=False).reshape(3)
    assert center.tolist() == pytest.approx([-1, -2, 7])
    ten = net.predict([image, image])
    assert ten.shape == (2, 3) and ten[1].tolist() == pytest.approx([-1, -2, 10 * (4 * 0.25 + 1) / 5 - 3])


def test_a_detector_scores_windows(files: tuple[str, str], tmp_path: Path) -> None:
    pixels = np.zeros((6, 6, 3), np.uint8)
    pixels[:3] = 255
    Image.fromarray(pixels).save(tmp_path / "x.png")
    net = caffe.Detector(*files)
    windows = np.array([[0, 0, 2, 2], [3, 0, 5, 2]])
    found = net.detect_windows([(str(tmp_path / "x.png"), windows)])
    assert [one["prediction"].ravel().tolist() for one in found] == [[1, 1, 1], [0, 0, 0]]
    assert found[0]["filename"] == str(tmp_path / "x.png") and found[1]["window"].tolist() == [3, 0, 5, 2]


def test_context_beyond_the_image_is_the_mean(files: tuple[str, str]) -> None:
    text = NET.replace("dim: 2 dim: 2", "dim: 8 dim: 8").replace("kernel_size: 2", "kernel_size: 8")
    Path(files[0]).write_text(text)
    net = caffe.Detector(*files, mean=np.full((3, 8, 8), 5.0), raw_scale=10, context_pad=2)
    crop = net.crop(np.ones((20, 20, 3), np.float32), np.array([0, 0, 3, 3]))
    assert crop.shape == (8, 8, 3)
    assert (crop[0] == 0.5).all() and (crop[4:7, 4:7] == 1).all()  # 5 / 10 above the image


def drawn() -> object:
    net = caffe.NetSpec()
    net.data = caffe.layers.Data(batch_size=7)
    net.conv = caffe.layers.Convolution(net.data, num_output=5, kernel_size=3, pad=1, param=[{"lr_mult": 2}])
    net.relu = caffe.layers.ReLU(net.conv, in_place=True)
    net.pool = caffe.layers.Pooling(net.relu, kernel_size=2, include={"phase": caffe.TEST})
    return net.to_proto()


def test_a_net_is_drawn_with_boxes_octagons_and_labels() -> None:
    graph = draw.get_pydot_graph(drawn(), "TB", display_lrm=True)
    text = graph.to_string()
    assert "rankdir=TB" in text and '"data_blob" -> "conv_Convolution"' in text
    assert "conv (Convolution) kernel size: 3 stride: 1 pad: 1 lr mult: 2.0, 1.0" in text
    assert graph.nodes["conv_blob"].style["shape"] == "octagon"
    assert graph.nodes["relu_ReLU"].style["fillcolor"] == draw.NEURON_LAYER_STYLE["fillcolor"]
    assert ("data_Data", "data_blob", "Batch 7") in graph.edges and (
        "conv_Convolution",
        "conv_blob",
        "5",
    ) in graph.edges
    assert "pool_Pooling" not in draw.get_pydot_graph(drawn(), "LR", phase=caffe.TRAIN).nodes
    assert "Pooling MAX" in draw.get_layer_label(drawn().layer[3], "LR")


@pytest.mark.parametrize("direction", ["LR", "TB", "BT"])
def test_drawings_are_images(tmp_path: Path, direction: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    draw.draw_net_to_file(drawn(), tmp_path / "net.png", direction)
    with Image.open(tmp_path / "net.png") as image:
        assert image.format == "PNG" and (image.width > 600) == (direction == "LR")
    draw.draw_net_to_file(drawn(), tmp_path / "net.raw")
    assert (tmp_path / "net.raw").read_text().startswith("digraph")
    with pytest.raises(OutputError, match="install Graphviz"):
        draw.draw_net(drawn(), direction, "svg")


def test_messages_and_enums_by_name() -> None:
    assert caffe_pb2.TRAIN == caffe.TRAIN == 0 and caffe_pb2.Phase.Name(1) == "TEST"
    assert caffe_pb2.SolverParameter.GPU == 1 and caffe_pb2.SolverParameter().type == "SGD"
    with pytest.raises(AttributeError):
        _ = caffe_pb2.NoSuchMessage


def test_logs_are_written_from_a_severity_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GLOG_minloglevel", raising=False)
    caffe.log("hello")
    assert capsys.readouterr().err.endswith("] hello\n")
    monkeypatch.setenv("GLOG_minloglevel", "2")
    caffe.log("hush")
    caffe.init_log(0)
    caffe.log("again")
    monkeypatch.setattr(glog._LEVEL, "lowest", None)
    assert [line.split("] ")[1] for line in capsys.readouterr().err.splitlines()] == ["again"]


def test_process_wide_settings() -> None:
    caffe.set_mode_cpu()
    caffe.set_solver_count(2)
    caffe.set_solver_rank(1)
    assert (caffe.solver_count(), caffe.solver_rank()) == (2, 1)
    caffe.set_solver_count(1)
    caffe.set_solver_rank(0)
    caffe.set_multiprocess(False)
    assert not caffe.has_nccl() and {"Data", "Convolution", "Python"} <= set(caffe.layer_type_list())
    for call in (lambda: caffe.NCCL(None, b""), caffe.NCCL.new_uid):
        with pytest.raises(RuntimeError, match="torchrun"):
            call()
    timer = caffe.Timer()
    timer.start()
    timer.stop()
    assert timer.ms >= 0


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(RuntimeError, match="no CUDA device"):
        caffe.set_mode_gpu()
    with pytest.raises(RuntimeError, match="0 CUDA devices"):
        caffe.set_device(0)


SCRIPT = """import sys, importlib.util
assert importlib.util.find_spec("caffe") is not None
import caffe, caffe.io, caffe.draw
from caffe import layers as L, params as P
from caffe.proto import caffe_pb2
from caffe.coord_map import crop
from caffe.pycaffe import SGDSolver
from caffe._caffe import Net, Layer
import converter.pycaffe
assert caffe is converter.pycaffe and caffe.io is converter.pycaffe.io and SGDSolver is caffe.SGDSolver
assert __name__ == "__main__"
print(sys.argv[1:], caffe.TEST, flush=True)
sys.exit(3)
"""


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_script_and_a_module_import_caffe_and_get_their_arguments(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "caffe").mkdir()  # a real one beside the script is shadowed, as was asked
    (tmp_path / "caffe" / "__init__.py").write_text("raise ImportError('the other one')")
    for how in (["script.py"], ["-m", "script"]):
        done = python(tmp_path, "-m", "converter", "pycaffe", *how, "-x", "--help")
        assert (done.returncode, done.stdout) == (3, "['-x', '--help'] 1\n"), done.stderr


def test_a_scripts_error_is_shown_from_its_own_line_on(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import caffe\n\ncaffe.Net('nowhere', caffe.TEST)\n")
    done = python(tmp_path, "-m", "converter", "pycaffe", "script.py")
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and '  File "script.py", line 3, in <module>' in lines
    assert "Could not open file nowhere" in lines[-1] and "runpy" not in done.stderr


def test_installing_never_shadows_a_real_caffe_unless_asked(tmp_path: Path) -> None:
    (tmp_path / "caffe.py").write_text("real = True")
    script = "import converter.pycaffe as p; p.install({}); import caffe; print(getattr(caffe, 'real', False))"
    assert python(tmp_path, "-c", script.format("")).stdout == "True\n"
    assert python(tmp_path, "-c", script.format("shadow=True")).stdout == "False\n"
    (tmp_path / "caffe.py").unlink()
    done = python(tmp_path, "-c", script.format("") + "; p.uninstall(); import caffe")
    assert done.stdout == "False\n" and "No module named 'caffe'" in done.stderr


def test_nothing_to_run_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pycaffe"]) == 2 and main(["pycaffe", "nowhere.py"]) == 2
    assert "nothing to run" in (said := capsys.readouterr().err) and "nowhere.py: no such script" in said
