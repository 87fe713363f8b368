"""Connectionist temporal classification: the loss of unaligned label sequences, and what a net reads greedily."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from converter.modules.gradients import with_gradient_of
from converter.modules.integers import check_range


class _CTC(nn.Module):
    """-log of the summed probability of all paths that collapse to an item's labels, added up over the items.

    The value is the mean over items, the gradient that of the sum, as Caffe's sources have it. `impossible` is what
    labels without a path (more labels and repeats than steps) count: 0 with True, infinity with False.
    """

    def __init__(self, blank: int = 0, zero_impossible: bool = True) -> None:
        super().__init__()
        self.blank, self.zero_impossible = blank, zero_impossible

    def loss(self, x: Tensor, steps: Tensor, labels: Tensor, counts: Tensor) -> Tensor:
        """x: (t, n, c, ...), steps and counts: (n,), labels: (n, l) of which the first `counts` are meant -> ()."""
        logs = F.log_softmax(x.flatten(2), 2)
        classes = logs.shape[2]
        meant = torch.arange(labels.shape[1], device=labels.device) < counts[:, None]
        check_range("label", labels, classes, meant)
        blank = self.blank % classes if self.blank < 0 else self.blank
        each = negative_log_likelihood(logs, steps, torch.where(meant, labels, blank), counts, blank)
        impossible = each > _largest(each) / 2
        each = torch.where(impossible, 0.0 if self.zero_impossible else float("inf"), each)
        total = torch.where(steps > 0, each, 0.0).sum()
        mean = total / len(each)
        return torch.where(total.isfinite(), with_gradient_of(mean, total), mean)

    def extra_repr(self) -> str:
        """The blank, and what has no path."""
        return f"blank={self.blank}, zero_impossible={self.zero_impossible}"


def negative_log_likelihood(logs: Tensor, steps: Tensor, labels: Tensor, counts: Tensor, blank: int) -> Tensor:
    """-log p(labels) of each item by the forward algorithm (Graves 2012, section 7.3.1); a huge number without a path.

    logs: (t, n, c) log probabilities, steps and counts: (n,), labels: (n, l), of which the first `counts` are meant,
    -> (n,). torch's own ctc_loss cannot be exported.
    """
    low = -_largest(logs)
    blanks = torch.full_like(labels, blank)
    line = torch.cat([torch.stack([blanks, labels], 2).flatten(1), torch.full_like(counts, blank)[:, None]], 1)
    jumps = F.pad((line[:, 2:] != line[:, :-2]) & (line[:, 2:] != blank), (2, 0))
    emitted = logs.gather(2, line.expand(len(logs), *line.shape))
    alpha = F.pad(emitted[0, :, :2], (0, line.shape[1] - emitted[0, :, :2].shape[1]), value=low)
    for t in range(1, len(logs)):
        moved = F.pad(alpha, (1, 0), value=low)[:, :-1]
        jumped = torch.where(jumps, F.pad(alpha, (2, 0), value=low)[:, :-2], low)
        following = torch.logsumexp(torch.stack([alpha, moved, jumped]), 0) + emitted[t]
        alpha = torch.where((t < steps)[:, None], following, alpha)
    last = alpha.gather(1, 2 * counts[:, None])
    before = alpha.gather(1, (2 * counts[:, None] - 1).clamp(min=0))
    both = torch.cat([last, torch.where(counts[:, None] > 0, before, low)], 1)
    return -torch.logsumexp(both, 1)


def _largest(x: Tensor) -> float:
    """What stands for infinity, which would make gradients NaN, with room to add to it."""
    return torch.finfo(x.dtype).max / 8


class LabelCTCLoss(_CTC):
    """CTC loss of scores x (t, n, c) and labels (n, l), of which blanks, wherever they stand, are left out -> ().

    All t steps, or `steps`, count. Source: senlinuc/caffe_ocr, src/caffe/layers/warp_ctc_loss_layer.cpp;
    xmfbit/warpctc-caffe, src/caffe/layers/ctc_loss_layer.cpp.

        >>> LabelCTCLoss()(torch.zeros(1, 1, 4), torch.tensor([[2.0, 0.0]]))
        tensor(1.3863)
    """

    def __init__(self, blank: int = 0, zero_impossible: bool = True, steps: int = 0) -> None:
        super().__init__(blank, zero_impossible)
        self.steps = steps

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """The loss."""
        whole = labels.detach().flatten(1).long()
        blanks = (whole == self.blank).to(torch.uint8)
        order = blanks.argsort(dim=1, stable=True)
        counts = whole.shape[1] - blanks.sum(1)
        steps = torch.full_like(counts, self.steps or x.shape[0])
        return self.loss(x, steps, whole.gather(1, order), counts)


class LengthCTCLoss(_CTC):
    """CTC loss of scores x (t, n, c), steps (n,), numbers of labels (n,) and labels (l, n) -> ().

    Source: senlinuc/caffe_ocr, src/caffe/layers/warp_ctc_loss_layer.cpp, with four bottoms.
    """

    def forward(self, x: Tensor, steps: Tensor, counts: Tensor, labels: Tensor) -> Tensor:
        """The loss."""
        lengths = [length.detach().flatten().long() for length in (steps, counts)]
        return self.loss(x, lengths[0], labels.detach().flatten(1).long().t().contiguous(), lengths[1])


class IndicatorCTCLoss(_CTC):
    """CTC loss of scores x (t, n, c), indicators (t, n) and labels (t, n) -> ().

    A sequence ends before the first 0 of its indicators after step 0, its labels before the first negative number; of
    a sequence without labels nothing counts. Labels are rounded and moved by `offset`.
    Source: ChWick/caffe, src/caffe/layers/ctc_loss_layer.cpp; senlinuc/caffe_ocr, warp_ctc_loss_layer.cpp.
    """

    def __init__(
        self, blank: int = -1, zero_impossible: bool = False, offset: int = 0, collapse_repeated: bool = False
    ) -> None:
        super().__init__(blank, zero_impossible)
        self.offset, self.collapse_repeated = offset, collapse_repeated

    def forward(self, x: Tensor, indicators: Tensor, labels: Tensor) -> Tensor:
        """The loss."""
        going = (indicators.detach().flatten(1)[1:] + 0.5).long() != 0
        steps = 1 + going.long().cumprod(0).sum(0)
        flat = labels.detach().flatten(1).t()
        meant = (flat >= 0).long().cumprod(1)
        whole = (flat + 0.5).long() + self.offset
        steps = torch.where(meant.sum(1) > 0, steps, 0)
        if self.collapse_repeated:
            fresh = torch.cat([torch.ones_like(meant[:, :1]), (whole[:, 1:] != whole[:, :-1]).long()], 1)
            meant = meant * fresh
        order = (1 - meant).argsort(dim=1, stable=True)
        return self.loss(x, steps, whole.gather(1, order), meant.sum(1))


class _Greedy(nn.Module):
    """Reads the best class of each step; repeats are merged (not with `merge` False), then blanks left out."""

    def __init__(self, blank: int = 0, merge: bool = True) -> None:
        super().__init__()
        self.blank, self.merge = blank, merge

    def decode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The sequences (n, t), int64, and their lengths (n,)."""
        scores = x.detach().flatten(2)
        classes = scores.shape[2]
        peak = scores == scores.amax(2, keepdim=True)
        number = torch.arange(classes, device=x.device).expand_as(scores)
        best = torch.where(peak, number, classes).amin(2).t()
        kept = best != (self.blank % classes if self.blank < 0 else self.blank)
        if self.merge:
            kept = kept & torch.cat([torch.ones_like(kept[:, :1]), best[:, 1:] != best[:, :-1]], 1)
        return compact(best, kept)

    def extra_repr(self) -> str:
        """The blank, and whether repeats are merged."""
        return f"blank={self.blank}, merge={self.merge}"


class GreedyCTCDecoder(_Greedy):
    """The best class of each step, repeats merged (not with `merge` False), without blanks: (t, n, c) -> (n, t, 1, 1).

    Behind the end stands -1; the first of equal scores is the best. No gradient.
    Source: senlinuc/caffe_ocr, src/caffe/layers/ctc_decoder_layer.cpp.

        >>> GreedyCTCDecoder()(torch.eye(3)[[0, 1, 1, 2]][:, None]).tolist()
        [[[[1.0]], [[2.0]], [[-1.0]], [[-1.0]]]]
    """

    def forward(self, x: Tensor) -> Tensor:
        """The sequences."""
        return self.decode(x)[0].to(x.dtype)[:, :, None, None]


def compact(values: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
    """Values (n, t) moved to the front where `kept`, -1 behind them, and how many there are, (n,)."""
    size = values.shape[1]
    place = torch.where(kept, kept.long().cumsum(1) - 1, size)
    room = torch.full((len(values), size + 1), -1, device=values.device, dtype=values.dtype)
    return room.scatter(1, place, values)[:, :size], kept.sum(1)


class GreedyCTCAccuracy(_Greedy):
    """1 - the mean edit distance over the longer length, and the share of sequences read right: -> (1, 2, 1, 1).

    x: (t, n, c), labels: (n, l), which end before a negative number; blanks in them are left out. Two empty sequences
    count as near, but not as right. No gradient. Source: senlinuc/caffe_ocr, src/caffe/layers/ctc_decoder_layer.cpp.
    """

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Both figures."""
        read, lengths = self.decode(x)
        classes = x.flatten(2).shape[2]
        flat = labels.detach().flatten(1)
        meant = (flat >= 0).long().cumprod(1).bool()
        whole = (flat + 0.5).long()
        blank = self.blank % classes if self.blank < 0 else self.blank
        wanted, counts = compact(whole, meant & (whole != blank))
        distance = edit_distance(wanted, counts, read, lengths).to(x.dtype)
        longest = torch.maximum(counts, lengths)
        share = torch.where(longest > 0, distance / longest.clamp(min=1), 0.0)
        right = ((distance == 0) & (longest > 0)).to(x.dtype)
        return torch.stack([1 - share.mean(), right.mean()]).reshape(1, 2, 1, 1)


def edit_distance(first: Tensor, first_length: Tensor, second: Tensor, second_length: Tensor) -> Tensor:
    """Insertions, deletions and replacements between the beginnings, of these lengths, of rows (n, a) and (n, b)."""
    width = second.shape[1]
    row = torch.arange(width + 1, device=first.device).expand(len(first), width + 1)
    rows = [row]
    for i in range(first.shape[1]):
        cells = [row[:, 0] + 1]
        for j in range(width):
            replaced = row[:, j] + (first[:, i] != second[:, j]).long()
            cells.append(torch.minimum(torch.minimum(row[:, j + 1], cells[-1]) + 1, replaced))
        row = torch.stack(cells, 1)
        rows.append(row)
    whole = torch.stack(rows, 1)
    at = first_length[:, None, None].expand(-1, 1, width + 1)
    return whole.gather(1, at)[:, 0].gather(1, second_length[:, None])[:, 0]
