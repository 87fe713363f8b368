"""Signals that ask a run to stop: noted once, told once, and handed back."""

import os
import signal

import pytest

from converter.dilatednet.training.interruption import SIGNALS, StopRequest, ignore_signals, stop_request


@pytest.fixture(autouse=True)
def _handlers():
    """Whatever a test does to the handlers is undone."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_signals_are_ctrl_c_and_terminate() -> None:
    assert SIGNALS == (signal.SIGINT, signal.SIGTERM)


@pytest.mark.parametrize(("number", "counts"), [(signal.SIGINT, [1, 0]), (signal.SIGTERM, [0, 1])])
def test_the_first_signal_is_noted_and_told_and_the_next_would_end_the_process(number: int, counts) -> None:
    told = []
    with stop_request(lambda: told.append(True)) as request:
        assert (request.number, request.counts()) == (0, [0, 0])
        os.kill(os.getpid(), number)
        assert (request.number, request.counts()) == (number, counts)
        assert told == [True]
        assert [signal.getsignal(each) for each in SIGNALS] == [signal.SIG_DFL] * 2


def test_the_handlers_before_are_there_again_whatever_happens() -> None:
    mine = {signal.SIGINT: lambda *_: None, signal.SIGTERM: lambda *_: None}
    for number, handler in mine.items():
        signal.signal(number, handler)
    seen = []
    with pytest.raises(ZeroDivisionError), stop_request(lambda: None):
        seen += [signal.getsignal(number) for number in mine] + [1 / 0]
    assert {number: signal.getsignal(number) for number in SIGNALS} == mine


def test_loading_processes_ignore_both() -> None:
    ignore_signals()
    assert [signal.getsignal(number) for number in SIGNALS] == [signal.SIG_IGN] * 2
    os.kill(os.getpid(), signal.SIGINT)  # would raise KeyboardInterrupt


def test_a_request_begins_without_a_signal() -> None:
    assert StopRequest().number == 0
