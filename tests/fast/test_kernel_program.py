"""A net as kernels of oneDNN's own library: memory, threads, copies, and where it is not taken."""

import copy
import gc
import pickle
import re
import sysconfig
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from converter.fast import compilation
from converter.fast.convolution.filter import Place
from converter.fast.onednn_graph import GraphProgram
from converter.fast.onednn_library import KernelProgram, binding, kernels, memory
from converter.fast.patterns import graph_of
from tests.fast.kernel_programs import HERE, Sums, check, image, program


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
    true = binding.Handle.__init__
    monkeypatch.setattr(
        binding.Handle, "__init__", lambda self, *a: (true(self, *a), held.append(weakref.ref(self)))[0]
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
def test_where_kernels_round_otherwise_torchs_compiler_is_asked(monkeypatch):
    true = KernelProgram.run
    monkeypatch.setattr(KernelProgram, "run", lambda *x: {name: y * 1.001 for name, y in true(*x).items()})
    assert type(compiled(Sums())) is GraphProgram


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
    monkeypatch.setattr(binding, "load", binding.load.__wrapped__)
    monkeypatch.setattr(binding, "missing", binding.missing.__wrapped__)


@pytest.mark.usefixtures("looked_for_again")
def test_why_the_library_does_not_serve(monkeypatch, tmp_path):
    monkeypatch.setattr(sysconfig, "get_path", lambda *_: str(tmp_path))
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libdnnl.so.3").write_bytes(b"\x7fELF of nothing")
    assert str(tmp_path) in binding.missing()
    assert binding.missing().endswith("the extra [onednn] brings the library")
    (tmp_path / "lib" / "libdnnl.so.3").unlink()
    monkeypatch.setattr(binding, "_FILE", "libdnnl-of-nobody.so.3")
    assert "libdnnl-of-nobody.so.3: cannot open shared object file" in binding.missing()


@HERE
@pytest.mark.usefixtures("looked_for_again")
@pytest.mark.parametrize(("name", "value"), [("_OLDEST", (3, 99)), ("_OPENMP", 99)])
def test_a_library_of_another_version_or_other_threads_does_not_serve(monkeypatch, name, value):
    monkeypatch.setattr(binding, name, value)
    oldest = "3.99" if name == "_OLDEST" else "3.2"
    assert re.search(rf"not oneDNN {oldest} or a later 3 with OpenMP, but 3\.\d+, threads of kind 2", binding.missing())
