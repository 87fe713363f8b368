"""A net as kernels of oneDNN's own library: each kind of step against the plain net, memory, threads, and refusals."""

import copy
import gc
import pickle
import sysconfig
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from converter.fast import compilation, onednn_library
from converter.fast.convolution.filter import Place
from converter.fast.onednn_graph import GraphProgram
from converter.fast.onednn_library import KernelProgram, kernels, library, memory
from converter.fast.patterns import graph_of
from converter.fast.response_normalization import FastLocalResponseNorm
from converter.fast.static_graph import MeanOfMap
from converter.modules import combine, select, shapes
from converter.modules.pooling import CeilAvgPool2d

HERE = pytest.mark.skipif(bool(onednn_library.missing()), reason=f"the extra [onednn]: {onednn_library.missing()}")


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


def image(seed=0, shape=(2, 16, 13, 12)):
    return torch.randn(shape, generator=draws(seed))


def program(net, x=None):
    """The net as kernels for inputs like x, its blob named ""."""
    torch.manual_seed(0)
    with torch.inference_mode():
        return KernelProgram(graph_of(nn.Sequential(net).eval()), [""], [image() if x is None else x])


def check(net, *, shape=(2, 16, 13, 12), rtol=1e-5, atol=1e-5):
    made = program(net, image(0, shape))
    for seed in (1, 2):
        x = image(seed, shape)
        with torch.inference_mode():
            torch.testing.assert_close(made.run([x])[""], net(x), rtol=rtol, atol=atol)
    return made


@HERE
@pytest.mark.parametrize(
    "convolution",
    [
        nn.Conv2d(16, 24, 3), nn.Conv2d(16, 8, 1, bias=False), nn.Conv2d(16, 16, 3, padding=1, groups=16),
        nn.Conv2d(16, 32, 5, 2, 2, groups=2), nn.Conv2d(16, 5, (3, 1), padding=(2, 0), dilation=(2, 1)),
    ],
    ids=str,
)  # fmt: skip
def test_convolutions(convolution):
    check(convolution)


def swish(convolution):
    class Swish(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.sigmoid, self.product = convolution, nn.Sigmoid(), combine.Product()

        def forward(self, x):
            y = self.conv(x)
            return self.product(y, self.sigmoid(y))

    return Swish()


@HERE
@pytest.mark.parametrize("layer", [nn.Conv2d(16, 8, 3, 2), nn.Linear(12, 8)], ids=["convolution", "linear"])
@pytest.mark.parametrize(
    "activation",
    [
        nn.ReLU(), nn.ReLU(inplace=True), nn.LeakyReLU(0.1), nn.ReLU6(), nn.ELU(0.7), nn.Sigmoid(), nn.Tanh(),
        nn.PReLU(1, 0.3), nn.PReLU(8),
    ],
    ids=str,
)  # fmt: skip
def test_an_activation_is_done_by_the_kernel_before_it(layer, activation):
    if isinstance(activation, nn.PReLU) and activation.num_parameters > 1:
        activation.weight.data.uniform_(-1, 1, generator=draws())
    shape = (2, 16, 13, 12) if isinstance(layer, nn.Conv2d) else (3, 12)
    x = image(4, shape)
    made = check(nn.Sequential(layer, activation), shape=shape)
    assert len(made._idle[torch.get_num_threads()][0].steps) == 1
    torch.testing.assert_close(x, image(4, shape))


@HERE
def test_a_sigmoid_times_its_own_input_is_done_by_the_kernel_before_it():
    made = check(swish(nn.Conv2d(16, 8, 3)))
    assert len(made._idle[torch.get_num_threads()][0].steps) == 1


@HERE
@pytest.mark.parametrize(
    "pooling",
    [
        nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(2, 2, ceil_mode=True), nn.MaxPool2d(3, 2, dilation=2), MeanOfMap(),
        nn.AvgPool2d(3, 2), nn.AvgPool2d(3, 2, 1), nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        nn.AvgPool2d(2, divisor_override=3), CeilAvgPool2d(3, 2), CeilAvgPool2d(4, 3, 1), CeilAvgPool2d(3, 3, 1),
    ],
    ids=str,
)  # fmt: skip
def test_poolings(pooling):
    check(pooling)


@HERE
@pytest.mark.parametrize(("size", "beta"), [(5, 0.75), (5, 0.6), (3, 0.75), (4, 0.75)])
def test_normalizations_across_channels(size, beta):
    check(FastLocalResponseNorm(nn.LocalResponseNorm(size, 0.1, beta, 2.0)))


@HERE
@pytest.mark.parametrize(
    "module",
    [
        nn.Softmax(1), nn.ReLU(inplace=True), nn.Sigmoid(), nn.PReLU(), nn.ConvTranspose2d(16, 16, 4, 2, groups=16),
        shapes.ShuffleChannels(4), shapes.Permute((0, 2, 3, 1)), combine.Scale((16,)), nn.Dropout(),
    ],
    ids=lambda module: type(module).__name__,
)  # fmt: skip
def test_steps_of_torchs_own_between_kernels(module):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.module, self.last = nn.Conv2d(16, 16, 1), module, combine.Concat(1)

        def forward(self, x):
            y = self.first(x)
            return self.last(self.module(y), self.module(y))

    check(Net())


@HERE
@pytest.mark.parametrize("features", [40, 7000])
def test_linear_layers_behind_maps_small_and_wide(features):
    check(nn.Sequential(nn.Conv2d(16, 8, 1), nn.Flatten(), nn.Linear(8 * 13 * 12, features), nn.ReLU()))


class Sums(nn.Module):
    """A sum whose second part is read once more behind it, and one whose second part is not."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.third, self.fourth = (nn.Conv2d(16, 16, 3, padding=1) for _ in range(4))
        self.add, self.more, self.relu, self.join = combine.Sum(), combine.Sum(), nn.ReLU(), combine.Concat()

    def forward(self, x):
        kept = self.first(x)
        summed = self.relu(self.add(self.second(kept), kept))
        return self.join(self.more(self.fourth(self.third(summed)), summed), kept)


@HERE
def test_a_sum_takes_a_blobs_place_only_where_nothing_else_reads_it():
    made = check(Sums())
    assert (
        len(made._idle[torch.get_num_threads()][0].steps) == 7
    )  # four convolutions, one with its sum; a sum, its ReLU, the joining


@HERE
def test_what_is_added_to_a_convolution_is_computed_before_it():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.pool, self.add, self.relu = (
                nn.Conv2d(16, 16, 1, 2),
                nn.MaxPool2d(1, 2),
                combine.Sum(),
                nn.ReLU(),
            )

        def forward(self, x):
            y = self.conv(x)
            return self.relu(self.add(y, self.pool(x)))

    made = check(Net())
    assert len(made._idle[torch.get_num_threads()][0].steps) == 2


@HERE
@pytest.mark.parametrize(
    "layer", [lambda: nn.Conv2d(16, 8, 1), lambda: nn.Linear(12, 8)], ids=["convolution", "linear"]
)
def test_of_two_layers_that_are_added_the_second_does_the_sum(layer):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.add = layer(), layer(), combine.Sum()

        def forward(self, x):
            return self.add(self.one(x), self.two(x))

    made = check(Net(), shape=(2, 16, 13, 12) if isinstance(layer(), nn.Conv2d) else (3, 12))
    assert len(made._idle[torch.get_num_threads()][0].steps) == 2


@HERE
def test_parts_of_channels_and_a_weight_used_twice_at_two_sizes():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.slice, self.conv, self.pool = select.Slice(2), nn.Conv2d(8, 8, 1), nn.MaxPool2d(2)
            self.mean, self.join = MeanOfMap(), combine.Concat()

        def forward(self, x):
            a, b = self.slice(x)
            return self.join(self.mean(self.conv(a)), self.mean(self.conv(self.pool(b))))

    check(Net())


@HERE
def test_memory_of_blobs_that_nothing_reads_any_more_is_taken_over():
    made = check(nn.Sequential(*(nn.Conv2d(16, 16, 1) for _ in range(9))))
    (lowered,) = made._idle[torch.get_num_threads()]
    assert lowered._buffers.total == 2 * 4 * image().numel()


@HERE
def test_several_threads_and_other_numbers_of_them_give_the_same():
    net = Sums()
    made = program(net)

    def answer(seed):
        with torch.inference_mode():
            return all(torch.allclose(made.run([image(seed)])[""], net(image(seed)), 1e-5, 1e-5) for _ in range(20))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(answer, range(8)))
    before = torch.get_num_threads()
    try:
        for threads in (before + 1, 1, before):
            torch.set_num_threads(threads)
            assert answer(threads)
    finally:
        torch.set_num_threads(before)


@HERE
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))], ids=["copy", "pickle"]
)
def test_a_copy_computes_by_itself(copied):
    net = Sums()
    made = program(net)
    again = copied(made)
    with torch.inference_mode():
        found, kept = again.run([image(3)])[""], made.run([image(4)])[""]
        torch.testing.assert_close(found, net(image(3)), rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(kept, net(image(4)), rtol=1e-5, atol=1e-5)


@HERE
def test_what_a_program_held_is_freed_with_it(monkeypatch):
    held = []
    true = library.Handle.__init__
    monkeypatch.setattr(
        library.Handle, "__init__", lambda self, *a: (true(self, *a), held.append(weakref.ref(self)))[0]
    )
    made = check(Sums())
    assert len([one for one in held if one() is not None]) > 10
    del made
    gc.collect()
    assert not [one for one in held if one() is not None]


@HERE
def test_inputs_in_other_layouts():
    net = Sums()
    made = program(net)
    x = image(5)
    with torch.inference_mode():
        for given in (
            x.contiguous(memory_format=torch.channels_last),
            x.flip(3).flip(3),
            x.transpose(2, 3).clone().transpose(2, 3),
        ):
            torch.testing.assert_close(made.run([given])[""], net(x), rtol=1e-5, atol=1e-5)


def compiled(net):
    """What the compiler makes of a net."""
    compiler = compilation.NetCompiler(graph_of(net.eval()), Place(torch.float32, torch.device("cpu")))
    assert not compiler.refusal
    with torch.inference_mode():
        return compiler(lambda inputs: {"": net(inputs["x"])}, {"x": image()})


@HERE
@pytest.mark.parametrize("where", [(kernels, "_SLOW", ("",)), (memory, "LIMIT", 100)], ids=["no kernel", "too large"])
def test_what_has_no_kernel_or_would_keep_too_much_goes_to_torchs_compiler(monkeypatch, where):
    assert type(compiled(Sums())) is KernelProgram
    monkeypatch.setattr(*where)
    assert type(compiled(Sums())) is GraphProgram
    with pytest.raises(RuntimeError, match=r"only (brg|jit|gemm|ref)|more than 0 MB"):
        program(Sums())


@HERE
@pytest.mark.parametrize("place", ["steps", "entries"])
def test_a_kernel_that_fails_says_so(place):
    made = program(Sums())
    getattr(made._idle[torch.get_num_threads()][0], place)[0] = lambda *_: 1
    with torch.inference_mode(), pytest.raises(RuntimeError, match="oneDNN says of a kernel: out of memory"):
        made.run([image()])
    with torch.inference_mode():
        made.run([image()])  # by a new one


@pytest.fixture
def looked_for_again(monkeypatch):
    """The library is looked for once more, and again after the test."""
    monkeypatch.setattr(library, "load", library.load.__wrapped__)
    monkeypatch.setattr(library, "missing", library.missing.__wrapped__)


@pytest.mark.usefixtures("looked_for_again")
def test_why_the_library_does_not_serve(monkeypatch, tmp_path):
    monkeypatch.setattr(sysconfig, "get_path", lambda *_: str(tmp_path))
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libdnnl.so.3").write_bytes(b"\x7fELF of nothing")
    assert str(tmp_path) in library.missing()
    assert library.missing().endswith("the extra [onednn] brings the library")
    (tmp_path / "lib" / "libdnnl.so.3").unlink()
    monkeypatch.setattr(library, "_FILE", "libdnnl-of-nobody.so.3")
    assert "libdnnl-of-nobody.so.3: cannot open shared object file" in library.missing()


@HERE
@pytest.mark.usefixtures("looked_for_again")
@pytest.mark.parametrize(("name", "value"), [("_OLDEST", (3, 99)), ("_OPENMP", 4)])
def test_a_library_of_another_version_or_other_threads_does_not_serve(monkeypatch, name, value):
    monkeypatch.setattr(library, name, value)
    assert "not oneDNN 3.2 or a later 3 with OpenMP, but 3." in library.missing()
