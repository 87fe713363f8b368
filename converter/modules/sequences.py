"""Sequences of text recognition: an LSTM without marks, and reversal by length."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class PlainLSTM(nn.Module):
    """x (t, n, d) -> (t, n, h), or with `batch` (t * batch, d) -> (t * batch, h), from zeros.

    Gates i, f, o, g = weight x[t] + bias + hidden_weight h[t-1], c[t] = sigmoid(f) c[t-1] + sigmoid(i) tanh(g), h[t] =
    sigmoid(o) tanh(c[t]). A second tensor, a number a step, forgets h and c where it is 0. With `threshold` the
    gradients of a step's gates are held within it.
    Source: senlinuc/caffe_ocr, src/caffe/layers/lstm_layer_Junhyuk.cpp (junhyukoh/caffe-lstm).

        >>> PlainLSTM(3, 4)(torch.zeros(5, 2, 3)).shape
        torch.Size([5, 2, 4])
    """

    def __init__(self, input_size: int, hidden_size: int, batch: int = 0, threshold: float = 0.0) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.batch, self.threshold = input_size, hidden_size, batch, threshold
        self.weight = nn.Parameter(torch.zeros(4 * hidden_size, input_size))
        self.hidden_weight = nn.Parameter(torch.zeros(4 * hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size))

    def forward(self, x: Tensor, cont: Tensor | None = None) -> Tensor:
        """The outputs."""
        driven = F.linear(x.reshape(-1, self.batch or x.shape[1], self.input_size), self.weight, self.bias)
        stays = None if cont is None else (cont.detach().reshape(-1, 1, 1) != 0).to(x.dtype)
        hidden = cell = driven.new_zeros(driven.shape[1], self.hidden_size)
        outputs = []
        for t in range(driven.shape[0]):
            if stays is not None:
                hidden, cell = hidden * stays[t], cell * stays[t]
            gates = driven[t] + F.linear(hidden, self.hidden_weight)
            if self.threshold > 0:
                gates = _BoundGradient.apply(gates, self.threshold)  # type: ignore[no-untyped-call]
            inside, forget, out, candidate = gates.chunk(4, 1)
            cell = torch.sigmoid(forget) * cell + torch.sigmoid(inside) * torch.tanh(candidate)
            hidden = torch.sigmoid(out) * torch.tanh(cell)
            outputs.append(hidden)
        whole = torch.stack(outputs)
        return whole.flatten(0, 1) if self.batch else whole

    def extra_repr(self) -> str:
        """Sizes, batch and threshold."""
        return f"{self.input_size}, {self.hidden_size}, batch={self.batch}, threshold={self.threshold:g}"


class _BoundGradient(torch.autograd.Function):
    """The value itself, whose gradient is held within a threshold."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, threshold: float) -> Tensor:
        ctx.threshold = threshold
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0].clamp(-ctx.threshold, ctx.threshold), None


class ReverseTime(nn.Module):
    """x (t, n, ...) with the first `lengths` (n,) steps of each item reversed; the rest as it is with `copy`, else 0.

    Source: senlinuc/caffe_ocr, src/caffe/layers/reverse_time_layer.cpp (ChWick/caffe).

        >>> ReverseTime(True)(torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([2.0])).flatten()
        tensor([2., 1., 3.])
    """

    def __init__(self, copy: bool = False) -> None:
        super().__init__()
        self.copy = copy

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """The sequences."""
        length = lengths.detach().long()
        step = torch.arange(x.shape[0], device=x.device)[:, None]
        inside = (step < length).reshape(*x.shape[:2], *(1,) * (x.ndim - 2))
        place = torch.where(step < length, length - 1 - step, step).reshape(inside.shape).expand(x.shape)
        turned = x.gather(0, place)
        return turned if self.copy else torch.where(inside, turned, 0.0)

    def extra_repr(self) -> str:
        """Whether the rest is copied."""
        return f"copy={self.copy}"


class SequenceAccuracy(nn.Module):
    """Share of sequences read without a fault: scores (n, t, c), labels (n, l) -> ().

    The best class of each step, repeats merged and blanks left out, is compared with the label without its blanks.
    Source: yalecyu/crnn.caffe, src/caffe/layers/labelsequence_accuracy_layer.cpp.
    """

    def __init__(self, blank: int = 0) -> None:
        super().__init__()
        self.blank = blank

    def forward(self, scores: Tensor, labels: Tensor) -> Tensor:
        """The share."""
        path = scores.argmax(2)
        wanted = labels.flatten(1)
        before = torch.cat([torch.full_like(path[:, :1], self.blank), path[:, :-1]], 1)
        found, seen = self._packed(path.to(wanted.dtype), (path != before) & (path != self.blank))
        true, stated = self._packed(wanted.trunc(), wanted != self.blank)
        width = max(path.shape[1], wanted.shape[1])
        same = F.pad(found, (0, width - found.shape[1])) == F.pad(true, (0, width - true.shape[1]))
        return (same.all(1) & (seen == stated)).to(scores.dtype).mean()

    def _packed(self, values: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
        """The kept values moved to the front in their order, zeros behind them, and how many they are."""
        order = (~kept).to(torch.uint8).argsort(dim=1, stable=True)
        return (values * kept).gather(1, order), kept.sum(1)

    def extra_repr(self) -> str:
        """The blank."""
        return f"blank={self.blank}"


class SequenceMarks(nn.Module):
    """Where sequences begin: x with n items along an axis -> (steps, n), 0 in the first step, 1 in all others.

    Source: jolibrain/caffe, src/caffe/layers/continuation_indicator_layer.cpp.

        >>> SequenceMarks(3, 0)(torch.zeros(2, 5)).tolist()
        [[0.0, 0.0], [1.0, 1.0], [1.0, 1.0]]
    """

    def __init__(self, steps: int, axis: int = 0) -> None:
        super().__init__()
        self.steps, self.axis = steps, axis

    def forward(self, x: Tensor) -> Tensor:
        """The marks."""
        marks = x.new_ones(self.steps, x.shape[self.axis])
        return torch.cat([torch.zeros_like(marks[:1]), marks[1:]])

    def extra_repr(self) -> str:
        """The number of steps and the axis."""
        return f"steps={self.steps}, axis={self.axis}"
