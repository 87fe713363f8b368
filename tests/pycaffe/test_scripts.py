"""What well-known scripts do: dreams, net surgery, learning LeNet, fyu's training, each with the same calls."""

import re
from pathlib import Path

import numpy as np
import pytest

import converter.pycaffe as caffe
from converter.pycaffe import layers as L  # noqa: N812
from converter.pycaffe import params as P  # noqa: N812
from converter.solver.run import Session
from converter.solver.solver import Solver
from tests.dilatednet.training.tiny_training import write_images


def written(path: Path, proto: object) -> str:
    path.write_text(str(proto))
    return str(path)


def dream_net(folder: Path) -> caffe.Classifier:
    net = caffe.NetSpec()
    net.data = L.Input(input_param={"shape": {"dim": [1, 3, 12, 12]}})
    net.conv = L.Convolution(net.data, num_output=4, kernel_size=3, weight_filler={"type": "gaussian", "std": 0.2})
    net.relu = L.ReLU(net.conv, in_place=True)
    net.a = L.Pooling(net.relu, kernel_size=2, stride=2, pool=P.Pooling.MAX)
    net.b = L.Pooling(net.relu, kernel_size=2, stride=2, pool=P.Pooling.AVE)
    net.both = L.Concat(net.a, net.b)
    net.end = L.Power(net.both, power=2)
    proto = net.to_proto()
    proto.force_backward = True
    caffe.set_random_seed(5)
    path = written(folder / "dream.prototxt", proto)
    caffe.Net(path, caffe.TEST).save(str(folder / "dream.caffemodel"))
    return caffe.Classifier(path, str(folder / "dream.caffemodel"), mean=np.float32([104, 116, 122]))


def test_a_dream_climbs(tmp_path: Path) -> None:
    net = dream_net(tmp_path)
    src, dst = net.blobs["data"], net.blobs["both"]
    random = np.random.default_rng(0)
    src.reshape(1, 3, 16, 20)
    src.data[0] = random.normal(size=(3, 16, 20))
    heights = []
    for _ in range(8):
        ox, oy = random.integers(-3, 4, 2)
        src.data[0] = np.roll(np.roll(src.data[0], ox, -1), oy, -2)
        net.forward(end="both")
        heights.append(float((dst.data**2).sum()))
        dst.diff[:] = dst.data
        net.backward(start="both")
        g = src.diff[0]
        src.data[:] += 0.1 / np.abs(g).mean() * g
        src.data[0] = np.roll(np.roll(src.data[0], -ox, -1), -oy, -2)
    assert heights[-1] > 2 * heights[0] and dst.shape == (1, 8, 7, 9)


def test_a_dreams_gradient_is_that_of_the_objective(tmp_path: Path) -> None:
    net = dream_net(tmp_path)
    x = np.random.default_rng(1).normal(size=(1, 3, 12, 12)).astype(np.float32)

    def objective(image: np.ndarray) -> float:
        net.blobs["data"].data[...] = image
        net.forward(end="both")
        return float((net.blobs["both"].data.astype(float) ** 2).sum() / 2)

    objective(x)
    net.blobs["both"].diff[:] = net.blobs["both"].data
    gradient = net.backward(start="both")["data"].copy()
    way = np.sign(gradient) * np.float32(1e-3)
    slope = (objective(x + way) - objective(x - way)) / 2
    assert slope == pytest.approx(float((gradient * way).sum()), rel=2e-2)


def test_an_inner_product_becomes_a_convolution(tmp_path: Path) -> None:
    classifier, convolutional = caffe.NetSpec(), caffe.NetSpec()
    for spec, size in ((classifier, 6), (convolutional, 9)):
        spec.data = L.Input(input_param={"shape": {"dim": [1, 2, size, size]}})
        spec.pool = L.Pooling(spec.data, kernel_size=2, stride=1, pool=P.Pooling.AVE)
    filler = {"type": "gaussian", "std": 1}
    classifier.fc = L.InnerProduct(classifier.pool, num_output=3, weight_filler=filler, bias_filler=filler)
    convolutional["fc-conv"] = L.Convolution(convolutional.pool, num_output=3, kernel_size=5)
    net = caffe.Net(written(tmp_path / "a.prototxt", classifier.to_proto()), caffe.TEST)
    full = caffe.Net(written(tmp_path / "b.prototxt", convolutional.to_proto()), caffe.TEST)
    full.params["fc-conv"][0].data.flat = net.params["fc"][0].data.flat
    full.params["fc-conv"][1].data[...] = net.params["fc"][1].data
    full.save(str(tmp_path / "full.caffemodel"))
    full = caffe.Net(str(tmp_path / "b.prototxt"), str(tmp_path / "full.caffemodel"), caffe.TEST)
    image = np.random.default_rng(2).normal(size=(1, 2, 9, 9)).astype(np.float32)
    scores = full.forward_all(data=image)["fc-conv"]
    assert scores.shape == (1, 3, 4, 4)
    for row, column in ((0, 0), (3, 1)):
        one = net.forward(data=image[:, :, row : row + 6, column : column + 6])["fc"]
        np.testing.assert_allclose(scores[0, :, row, column], one[0], rtol=1e-4, atol=1e-5)


def lenet(source: Path, batch: int) -> object:
    net = caffe.NetSpec()
    net.data, net.label = L.Data(
        batch_size=batch, backend=P.Data.LMDB, source=str(source), transform_param={"scale": 1.0 / 255}, ntop=2
    )
    xavier = {"type": "xavier"}
    net.conv1 = L.Convolution(net.data, kernel_size=3, num_output=6, weight_filler=xavier)
    net.pool1 = L.Pooling(net.conv1, kernel_size=2, stride=2, pool=P.Pooling.MAX)
    net.fc1 = L.InnerProduct(net.pool1, num_output=16, weight_filler=xavier)
    net.relu1 = L.ReLU(net.fc1, in_place=True)
    net.score = L.InnerProduct(net.relu1, num_output=3, weight_filler=xavier)
    net.loss = L.SoftmaxWithLoss(net.score, net.label)
    return net.to_proto()


def stripes(path: Path, count: int, seed: int) -> None:
    """Images of 10 × 10 whose bright row tells their class: 2, 5 or 8."""
    lmdb = pytest.importorskip("lmdb")
    random = np.random.default_rng(seed)
    env = lmdb.open(str(path), map_size=1 << 20)
    with env.begin(write=True) as transaction:
        for number in range(count):
            label = int(random.integers(3))
            image = random.integers(0, 80, (1, 10, 10), dtype=np.uint8)
            image[0, 3 * label + 2] = 255
            datum = caffe.io.array_to_datum(image, label)
            transaction.put(f"{number:08d}".encode(), datum.SerializeToString())
    env.close()


def test_lenet_learns(tmp_path: Path) -> None:
    stripes(tmp_path / "train", 60, 1)
    stripes(tmp_path / "test", 30, 2)
    solver_file = written(
        tmp_path / "solver.prototxt",
        f'''train_net: "{written(tmp_path / "train.prototxt", lenet(tmp_path / "train", 20))}"
        test_net: "{written(tmp_path / "test.prototxt", lenet(tmp_path / "test", 30))}"
        test_iter: 1 test_interval: 1000 base_lr: 0.02 momentum: 0.9 weight_decay: 5e-4 lr_policy: "inv" gamma: 1e-4
        power: 0.75 max_iter: 60 random_seed: 1''',
    )
    solver = caffe.SGDSolver(solver_file)
    assert [(name, blob.data.shape) for name, blob in solver.net.blobs.items()][:2] == [
        ("data", (20, 1, 10, 10)),
        ("label", (20,)),
    ]
    solver.net.forward()
    solver.test_nets[0].forward()
    losses = np.zeros(60)
    for iteration in range(60):
        solver.step(1)
        losses[iteration] = solver.net.blobs["loss"].data
        solver.test_nets[0].forward(start="conv1")
    net = solver.test_nets[0]
    correct = (net.blobs["score"].data.argmax(1) == net.blobs["label"].data).mean()
    assert losses[-1] < 0.2 < losses[0] and correct > 0.9
    assert np.array_equal(net.params["conv1"][0].data, solver.net.params["conv1"][0].data)


def dilated_net(folder: Path) -> object:
    net = caffe.NetSpec()
    net.data, net.label = L.ImageLabelData(
        transform_param={"mirror": True, "mean_value": [100, 110, 120], "crop_size": 24},
        image_label_data_param={
            "image_list_path": str(folder / "images.txt"),
            "label_list_path": str(folder / "labels.txt"),
            "shuffle": True,
            "batch_size": 2,
            "padding": P.ImageLabelData.REFLECT,
            "label_slice": {"dim": [16, 16], "stride": [1, 1], "offset": [4, 4]},
        },
        ntop=2,
    )
    two = [{"lr_mult": 1, "decay_mult": 1}, {"lr_mult": 2, "decay_mult": 0}]
    gaussian = {"type": "gaussian", "std": 0.001}
    net.front = L.Convolution(
        net.data,
        param=two,
        convolution_param={"num_output": 6, "kernel_size": 5, "dilation": 2, "weight_filler": gaussian},
    )
    net.relu = L.ReLU(net.front, in_place=True)
    filler = {"type": "identity", "num_groups": 3, "std": 0.01}
    net.final = L.Convolution(
        net.relu, param=two, convolution_param={"num_output": 3, "kernel_size": 1, "weight_filler": filler}
    )
    net.loss = L.SoftmaxWithLoss(net.final, net.label, loss_param={"ignore_label": 255, "normalization": P.Loss.VALID})
    return net.to_proto()


def test_fyus_training_gives_the_losses_of_solve(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_images(tmp_path)
    message = caffe.proto.caffe_pb2.SolverParameter()
    message.train_net = written(tmp_path / "net.prototxt", dilated_net(tmp_path))
    message.base_lr, message.lr_policy, message.gamma, message.stepsize = 0.001, "step", 0.1, 4
    message.momentum, message.weight_decay, message.iter_size = 0.9, 0.0005, 2
    message.max_iter, message.display, message.random_seed = 6, 1, 4
    message.solver_mode, message.type = message.GPU, "SGD"
    message.snapshot_prefix, message.snapshot_after_train = str(tmp_path / "s"), False
    path = written(tmp_path / "solver.prototxt", message)
    wanted: list[float] = []
    Session(Solver.from_prototxt(path)).solve(lambda _iteration, loss, _rate: wanted.append(loss))
    caffe.get_solver(path).solve()
    said = capsys.readouterr().err
    seen = [float(text) for text in re.findall(r"Iteration \d+ \(.*\), loss = (\S+)", said)]
    assert len(wanted) == 6 and seen == [float(f"{loss:.6g}") for loss in wanted]
