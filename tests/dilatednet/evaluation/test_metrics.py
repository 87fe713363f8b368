import numpy as np
import pytest

from converter.dilatednet.evaluation.metrics import confusion, image_iou, scores
from converter.errors import DatasetError


def labels(*rows: list[int]) -> np.ndarray:
    return np.array(rows, np.uint8)


def test_confusion_counts_truth_by_row_and_prediction_by_column_and_leaves_void_out():
    ground_truth = labels([0, 0, 1, 255], [2, 2, 1, 255])
    prediction = labels([0, 1, 1, 2], [2, 0, 1, 255])
    assert confusion(ground_truth, prediction, 3).tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 1]]


def test_confusion_equals_a_loop_over_pixels():
    random = np.random.default_rng(1)
    ground_truth = random.integers(0, 6, (37, 23)).astype(np.uint8)
    ground_truth[ground_truth == 5] = 255
    prediction = random.integers(0, 5, (37, 23)).astype(np.uint8)
    expected = [[0] * 5 for _ in range(5)]
    for t, p in zip(ground_truth.ravel().tolist(), prediction.ravel().tolist(), strict=True):
        if t != 255:
            expected[t][p] += 1
    counted = confusion(ground_truth, prediction, 5)
    assert counted.tolist() == expected
    assert counted.dtype == np.int64


def test_sizes_that_differ_are_an_error_naming_both():
    with pytest.raises(DatasetError, match="prediction is 3×1, the truth 2×1") as caught:
        confusion(labels([0, 0]), labels([0, 0, 0]), 2, "a.png")
    assert caught.value.path == "a.png"


def test_a_turned_prediction_of_the_same_number_of_pixels_is_an_error():
    with pytest.raises(DatasetError, match="prediction is 1×2, the truth 2×1"):
        confusion(labels([0, 1]), labels([0], [1]), 2)


def test_a_predicted_label_beyond_the_classes_is_an_error_where_the_truth_counts():
    with pytest.raises(
        DatasetError, match="prediction holds label 7 in 2 pixels, the first at row 0, column 1; expected 0 to 2"
    ):
        confusion(labels([0, 0, 0]), labels([0, 7, 7]), 3)


def test_a_predicted_void_is_an_error_where_the_truth_counts():
    with pytest.raises(DatasetError, match="prediction holds label 255 in 1 pixels"):
        confusion(labels([0, 0]), labels([0, 255]), 3)


def test_a_predicted_label_beyond_the_classes_is_ignored_where_the_truth_is_void():
    assert confusion(labels([0, 255]), labels([0, 200]), 2).tolist() == [[1, 0], [0, 0]]


def test_a_true_label_that_is_no_class_is_an_error():
    with pytest.raises(
        DatasetError, match="truth holds label 3 in 1 pixels, the first at row 0, column 1; expected 0 to 2, or 255"
    ):
        confusion(labels([0, 3]), labels([0, 0]), 3)


def test_scores_by_hand():
    found = scores(np.array([[3, 1, 0], [1, 4, 1], [0, 0, 2]]))
    assert found.iou.tolist() == pytest.approx([100 * 3 / 5, 100 * 4 / 7, 100 * 2 / 3], rel=1e-15)
    assert found.mean == pytest.approx((60 + 400 / 7 + 200 / 3) / 3, rel=1e-15)
    assert found.pixel_accuracy == pytest.approx(75.0, rel=1e-15)
    assert found.mean_accuracy == pytest.approx((75 + 400 / 6 + 100) / 3, rel=1e-15)  # 3 of 4, 4 of 6, 2 of 2
    assert found.mean_present == found.mean
    assert found.absent == ()


def test_a_class_nobody_saw_counts_zero_and_is_reported_absent():
    found = scores(np.array([[3, 0, 1], [0, 0, 0], [0, 0, 4]]))
    assert found.iou.tolist() == pytest.approx([75.0, 0.0, 80.0])
    assert found.absent == (1,)
    assert found.mean == pytest.approx(155 / 3)
    assert found.mean_present == pytest.approx(155 / 2)
    assert found.mean_accuracy == pytest.approx((75 + 100) / 2)  # 3 of 4 and 4 of 4


def test_a_class_that_is_predicted_and_never_true_is_present_and_counts_zero():
    found = scores(np.array([[3, 1, 0], [0, 0, 0], [0, 0, 0]]))
    assert found.absent == (2,)
    assert found.iou.tolist() == [75.0, 0.0, 0.0]
    assert found.mean_present == pytest.approx(75 / 2)
    assert found.mean_accuracy == pytest.approx(75 / 2)


def test_without_a_pixel_that_counts_nothing_is_wrong():
    found = scores(np.zeros((2, 2), np.int64))
    assert (found.mean, found.mean_present, found.mean_accuracy, found.absent) == (0.0, 100.0, 100.0, (0, 1))


def test_a_image_is_judged_by_the_classes_it_holds():
    assert image_iou(np.array([[3, 0, 1], [0, 0, 0], [0, 0, 4]])) == pytest.approx(77.5)
    assert image_iou(np.zeros((3, 3), np.int64)) == 100.0
