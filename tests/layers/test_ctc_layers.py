"""CTC's layers against the sum over all paths, written out; what surrounds them by hand from the sources named."""

import itertools
import math

import numpy as np
import pytest
import torch

from converter.errors import ConversionError, ShapeError, UnsupportedParameterError
from tests.layers.one_layer import normal, run

NAN = float("nan")


def collapse(path, blank: int) -> list[int]:
    """Repeats merged, then blanks left out."""
    return [label for label, _ in itertools.groupby(path) if label != blank]


def by_all_paths(scores: torch.Tensor, labels: list[int], blank: int) -> torch.Tensor:
    """-log of the sum of products of softmax (t, c) over those of the c^t paths that collapse to the labels."""
    chances = torch.softmax(scores, 1)
    steps, classes = scores.shape
    total = sum(
        torch.stack([chances[t, label] for t, label in enumerate(path)]).prod()
        for path in itertools.product(range(classes), repeat=steps)
        if collapse(path, blank) == labels
    )
    return -torch.log(torch.as_tensor(total))


def loss_and_gradient(build, body: str, x: np.ndarray, *others) -> tuple[float, np.ndarray]:
    """The layer's value and the gradient of its scores."""
    fed = {"x": torch.tensor(x, dtype=torch.float64, requires_grad=True)}
    fed |= {f"o{i}": torch.tensor(other, dtype=torch.float64) for i, other in enumerate(others)}
    wires = " ".join(f'bottom: "{name}"' for name in fed)
    net = build(f'{body} {wires} top: "y"', {name: tuple(value.shape) for name, value in fed.items()}).double()
    loss = net.blobs(**fed)["y"]
    loss.backward()
    return loss.item(), fed["x"].grad.numpy()


def expected(x: np.ndarray, items, blank: int) -> tuple[float, np.ndarray]:
    """The mean of the losses, and the gradient of their sum, of items (steps, labels)."""
    scores = torch.tensor(x, requires_grad=True)
    losses = [by_all_paths(scores[:steps, n], labels, blank) for n, (steps, labels) in enumerate(items)]
    torch.stack(losses).sum().backward()
    return sum(loss.item() for loss in losses) / len(losses), scores.grad.numpy()


@pytest.mark.parametrize(
    ("labels", "text"),
    [([[1, 2], [2, 0]], [[1, 2], [2]]), ([[1, 1], [0, 1]], [[1, 1], [1]]), ([[0, 0], [2, 1]], [[], [2, 1]])],
)
def test_warp_ctc_loss_is_the_sum_over_all_paths_and_its_gradient_the_sum_of_the_items(build, labels, text):
    x = normal(4, 2, 3)
    value, gradient = loss_and_gradient(build, 'type: "WarpCTCLoss"', x, labels)
    wanted, slope = expected(x, [(4, each) for each in text], blank=0)
    assert value == pytest.approx(wanted, rel=1e-12)
    assert np.allclose(gradient, slope, atol=1e-12)


def test_warp_ctc_loss_with_lengths(build):
    x = normal(4, 2, 3)
    value, gradient = loss_and_gradient(build, 'type: "WarpCTCLoss"', x, [4, 2], [2, 1], [[1, 2], [2, 7]])
    wanted, slope = expected(x, [(4, [1, 2]), (2, [2])], blank=0)
    assert value == pytest.approx(wanted)
    assert np.allclose(gradient, slope)
    assert not gradient[2:, 1].any()


def test_warp_ctc_loss_with_indicators_counts_labels_from_one(build):
    x = normal(3, 2, 3)
    indicators, labels = [[0, 0], [1, 1], [1, 0]], [[0, 1], [1, -1], [-1, -1]]
    value, gradient = loss_and_gradient(build, 'type: "WarpCTCLoss"', x, indicators, labels)
    wanted, slope = expected(x, [(3, [1, 2]), (2, [2])], blank=0)
    assert value == pytest.approx(wanted)
    assert np.allclose(gradient, slope)


def test_what_no_path_reaches_loses_nothing_with_warp_ctc(build):
    """Labels 1 1 need a blank between them, three steps, and there are two; the other item's 2 log 3 is halved."""
    x = np.zeros((2, 2, 3))
    value, gradient = loss_and_gradient(build, 'type: "WarpCTCLoss"', x, [[1, 1], [1, 2]])
    assert value == pytest.approx(2 * math.log(3) / 2)
    assert not gradient[:, 0].any()


def test_ctc_loss_has_its_blank_last_and_ends_where_marks_say(build):
    x = normal(4, 2, 3)
    indicators = [[0, 0], [1, 1], [1, 1], [1, 0]]
    labels = [[1, 0], [1, -1], [-1, 5], [-1, -1]]
    value, gradient = loss_and_gradient(build, 'type: "CTCLoss"', x, indicators, labels)
    wanted, slope = expected(x, [(4, [1, 1]), (3, [0])], blank=2)
    assert value == pytest.approx(wanted)
    assert np.allclose(gradient, slope)
    body = 'type: "CTCLoss" ctc_loss_param { preprocess_collapse_repeated: true }'
    value, _ = loss_and_gradient(build, body, x, indicators, labels)
    assert value == pytest.approx(expected(x, [(4, [1]), (3, [0])], blank=2)[0])


def test_ctc_loss_without_labels_counts_nothing_and_without_a_path_is_infinite(build):
    x = np.zeros((2, 2, 3))
    indicators, none, both = [[0, 0], [1, 0]], [[0, -1], [-1, -1]], [[0, 0], [0, 1]]
    paths = 3 / 9  # of label 0: 0 0, 0 blank, blank 0
    assert loss_and_gradient(build, 'type: "CTCLoss"', x, indicators, none)[0] == pytest.approx(-math.log(paths) / 2)
    (y,) = run(build, 'type: "CTCLoss"', x, np.array(indicators), np.array(both))
    assert y == math.inf


def test_ctc_loss_by_labels_alone(build):
    x = normal(4, 2, 3)
    body = 'type: "CtcLoss" ctc_loss_param { blank_label: 1 alphabet_size: 3 time_step: 3 }'
    value, gradient = loss_and_gradient(build, body, x, [[2, 1], [1, 0]])
    wanted, slope = expected(x, [(3, [2]), (3, [0])], blank=1)
    assert value == pytest.approx(wanted)
    assert np.allclose(gradient, slope)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('type: "WarpCTCLoss" ctc_loss_param { blank_index: 3 }', "there are 3 classes"),
        ('type: "CtcLoss" ctc_loss_param { alphabet_size: 4 time_step: 3 }', "there are 3 classes"),
        ('type: "CtcLoss" ctc_loss_param { alphabet_size: 3 time_step: 9 }', "there are 4 steps"),
        ('type: "CTCLoss"', "takes 3"),
    ],
)
def test_what_does_not_fit_the_scores_is_refused(build, body, words):
    with pytest.raises(ConversionError, match=words):
        run(build, body, normal(4, 2, 3), np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("fields", "words"), [("output_delay: 1", "no delay"), ("ctc_merge_repeated: false", "merge repeats")]
)
def test_other_paths_than_those_that_merge_at_once_are_refused(build, fields, words):
    body = f'type: "CTCLoss" ctc_loss_param {{ {fields} }}'
    with pytest.raises(UnsupportedParameterError, match=words):
        run(build, body, normal(4, 2, 3), np.zeros((4, 2)), np.zeros((4, 2)))


def test_a_label_that_is_no_class_is_refused(build):
    with pytest.raises(ShapeError, match="label 3; expected 0 to 2"):
        run(build, 'type: "WarpCTCLoss"', normal(4, 1, 3), np.array([[1.0, 3]]))


def scores_of(*paths: list[int]) -> np.ndarray:
    """Scores (t, n, 4) whose best classes are these."""
    return np.eye(4)[np.array(paths).T]


def test_the_decoder_merges_repeats_and_leaves_blanks_out(build):
    (y,) = run(build, 'type: "CTCGreedyDecoder"', scores_of([1, 1, 0, 1, 2], [0, 0, 0, 0, 0]))
    assert y[:, :, 0, 0].tolist() == [[1, 1, 2, -1, -1], [-1] * 5]
    kept = 'type: "CTCGreedyDecoder" ctc_decoder_param { ctc_merge_repeated: false blank_index: -1 }'
    (y,) = run(build, kept, scores_of([1, 1, 3, 1, 2]))
    assert y[:, :, 0, 0].tolist() == [[1, 1, 1, 2, -1]]


def test_the_decoder_takes_the_first_of_equal_scores(build):
    (y,) = run(build, 'type: "CTCGreedyDecoder"', np.ones((2, 1, 3)) * [0, 1, 1])
    assert y.ravel().tolist() == [1, -1]


def test_the_decoder_measures_edit_distances(build):
    """1 2 3 read as 1 3 misses one of three; 1 2 is right; nothing for nothing is near, but not right."""
    x = scores_of([1, 0, 3, 0], [1, 1, 2, 2], [0, 0, 0, 0])
    (y,) = run(build, 'type: "CTCGreedyDecoder"', x, np.array([[1.0, 2, 3], [1, 0, 2], [-1, 1, 1]]))
    assert y.shape == (1, 2, 1, 1)
    assert y.ravel() == pytest.approx([1 - (1 / 3) / 3, 1 / 3])


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_lstm_by_hand(build):
    """One unit, gates i, f, o, g from weights 1, 2, 3, 4 on x and 0.5 on h, biases 0.1 each."""
    body = 'type: "Lstm" lstm_param { num_output: 1 }'
    weights = [np.array([1.0, 2, 3, 4]), np.full(4, 0.5), np.full(4, 0.1)]
    (y,) = run(build, body, np.array([0.2, -0.3]).reshape(2, 1, 1), parameters=weights)
    h = c = 0.0
    wanted = []
    for x in (0.2, -0.3):
        i, f, o, g = (w * x + 0.5 * h + 0.1 for w in (1, 2, 3, 4))
        c = sigmoid(f) * c + sigmoid(i) * math.tanh(g)
        h = sigmoid(o) * math.tanh(c)
        wanted.append(h)
    assert y.ravel() == pytest.approx(wanted)


def test_lstm_of_two_axes_is_that_of_three(build):
    x, weights = normal(3, 2, 4), [normal(8, 4), normal(8, 2), normal(8)]
    (three,) = run(build, 'type: "Lstm" lstm_param { num_output: 2 }', x, parameters=weights)
    body = 'type: "Lstm" lstm_param { num_output: 2 batch_size: 2 }'
    (two,) = run(build, body, x.reshape(6, 4), parameters=weights)
    assert np.array_equal(two, three.reshape(6, 2))


def test_an_lstm_forgets_where_its_mark_is_zero(build):
    x, weights = normal(4, 1, 3), [normal(8, 3), normal(8, 2), normal(8)]
    body = 'type: "Lstm" lstm_param { num_output: 2 }'
    (marked,) = run(build, body, x, np.array([0.0, 1, 0, 1]), parameters=weights)
    (late,) = run(build, body, x[2:], parameters=weights)
    assert np.array_equal(marked[2:], late)
    with pytest.raises(ShapeError, match="one item and a number a step"):
        run(build, body, normal(4, 2, 3), np.ones(8), parameters=weights)


def test_the_gradients_of_an_lstms_gates_are_held(build):
    """One step, threshold 0.001: each gate's gradient is larger, so the bias has just that."""
    body = 'type: "Lstm" bottom: "x" top: "y" lstm_param { num_output: 1 clipping_threshold: 0.001 }'
    net = build(body, {"x": (1, 1, 1)}).double()
    net.set_blobs("it", [np.ones((4, 1)), np.ones((4, 1)), np.ones(4)])
    net.blobs(x=torch.ones(1, 1, 1, dtype=torch.float64))["y"].sum().backward()
    gradient = dict(net.named_parameters())["it.bias"].grad
    assert gradient.tolist() == pytest.approx([0.001, 0, 0.001, 0.001])


def test_sequences_are_reversed_by_their_lengths(build):
    x = np.array([[1.0, 10], [2, 20], [3, 30]])
    (y,) = run(build, 'type: "ReverseTime"', x, np.array([3.0, 2]))
    assert y.tolist() == [[3, 20], [2, 10], [1, 0]]
    (y,) = run(build, 'type: "ReverseTime" reverse_time_param { copy_remaining: true }', x, np.array([2.0, 1]))
    assert y.tolist() == [[2, 10], [1, 20], [3, 30]]
