"""Convolutions beyond torch's own: a window that lacks less than a stride, and padding by values, by hand."""

import pytest
import torch

from converter.modules.convolution import Conv1dPastEnd, Conv2dPastEnd, PaddedConv2d


def test_a_window_that_lacks_less_than_a_stride_has_one_place() -> None:
    """conv_layer.cpp: (1 + 0 - 2) / 2 + 1 rounded towards zero is 1; its second value is the zero beyond the end."""
    module = Conv2dPastEnd(1, 1, (2, 2), (2, 2), (0, 0), bias=False, axis=1)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[[[1.0, 10.0], [100.0, 1000.0]]]]))
    assert module(torch.tensor([[[[3.0, 4.0, 5.0]]]])).tolist() == [[[[43]]]]  # 1 · 3 + 10 · 4
    assert module(torch.tensor([[[[3.0, 4.0], [5.0, 6.0]]]])).tolist() == [[[[3 + 40 + 500 + 6000]]]]


def test_a_dilated_window_and_padding_count_too() -> None:
    """An extent of 3 over one place and steps of 3 lacks 2: the top is 1 · 7; padded by 1 it lacks nothing."""
    module = Conv1dPastEnd(1, 1, (2,), (3,), (0,), (2,), bias=False, axis=1)
    padded = Conv1dPastEnd(1, 1, (2,), (3,), (1,), (2,), bias=False, axis=1)
    with torch.no_grad():
        for one in (module, padded):
            one.weight.copy_(torch.tensor([[[1.0, 10.0]]]))
    assert module(torch.tensor([[[7.0]]])).tolist() == [[[7]]]
    assert padded(torch.tensor([[[7.0]]])).tolist() == [[[0]]]  # 0 and 0 around the 7 between its taps


def test_padding_counts_at_both_ends() -> None:
    """An extent of 5 over 2 places padded by 1 lacks 5 - 2 - 2 = 1: of 0, 3, 4, 0, 0 the middle tap sees the 4."""
    module = Conv1dPastEnd(1, 1, (3,), (2,), (1,), (2,), bias=False, axis=1)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[[1.0, 10.0, 100.0]]]))
    assert module(torch.tensor([[[3.0, 4.0]]])).tolist() == [[[40]]]


def test_a_window_that_lacks_a_stride_has_no_place() -> None:
    module = Conv1dPastEnd(1, 1, (3,), (2,), (0,), bias=False, axis=1)  # (1 - 3) / 2 + 1 = 0
    with pytest.raises(RuntimeError):
        module(torch.ones(1, 1, 1))


def test_each_channel_is_padded_with_its_value() -> None:
    """A row of padding of 5 above and below, of 7 in the second channel: 5 + 7, 1 + 10, 5 + 7 at stride 1."""
    module = PaddedConv2d(2, 1, (1, 1), (5.0, 7.0), padding=(1, 0))
    with torch.no_grad():
        module.weight.fill_(1)
        module.bias.fill_(0)
    assert module(torch.tensor([[[[1.0]], [[10.0]]]])).tolist() == [[[[12], [11], [12]]]]


def test_padded_rows_and_columns_are_their_own() -> None:
    """Two columns of 3 on each side, no rows: five places of 3, 3, 4, 3, 3; at a stride of 2 the outer and the 4."""
    x = torch.full((1, 1, 1, 1), 4.0)
    for stride, wanted in ((1, [3, 3, 4, 3, 3]), (2, [3, 4, 3])):
        module = PaddedConv2d(1, 1, (1, 1), (3.0,), stride=(1, stride), padding=(0, 2))
        with torch.no_grad():
            module.weight.fill_(1)
            module.bias.fill_(0)
        assert module(x).tolist() == [[[wanted]]]
