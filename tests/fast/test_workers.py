"""Work shared out among threads of one core each."""

import os
import threading

import pytest
import torch

from converter.fast.workers import run_in_parallel


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("three_threads")
def test_every_index_is_worked_once_by_a_thread_of_one_core():
    seen = []
    run_in_parallel(lambda index, count: seen.append((index, count, torch.get_num_threads())))
    assert sorted(seen) == [(0, 3, 1), (1, 3, 1), (2, 3, 1)]
    assert torch.get_num_threads() == 3


@pytest.mark.usefixtures("three_threads")
def test_threads_that_are_started_later_have_all_cores():
    run_in_parallel(lambda *_: None)
    found = []
    other = threading.Thread(target=lambda: found.append((torch.ones(1) + 1, torch.get_num_threads())))
    other.start()
    other.join()
    assert found[0][1] == 3


@pytest.mark.usefixtures("three_threads")
def test_an_error_is_raised_by_the_caller():
    def fail(index, _count):
        if index == 1:
            raise ValueError("plane 1")

    with pytest.raises(ValueError, match="plane 1"):
        run_in_parallel(fail)


@pytest.mark.usefixtures("three_threads")
@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
def test_workers_compute_in_the_callers_mode(mode):
    with mode():
        out = torch.zeros(3)

        def write(index, _count):
            out[index] = index + 1

        run_in_parallel(write)
    assert out.tolist() == [1, 2, 3]


def test_one_thread_works_by_itself():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    seen = []
    run_in_parallel(lambda _, count: seen.append((threading.current_thread() is threading.main_thread(), count)))
    torch.set_num_threads(before)
    assert seen == [(True, 1)]


@pytest.mark.usefixtures("three_threads")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_makes_threads_of_its_own():
    run_in_parallel(lambda *_: None)
    child = os.fork()
    if not child:
        seen = []
        run_in_parallel(lambda index, _: seen.append(index))
        os._exit(0 if sorted(seen) == [0, 1, 2] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
