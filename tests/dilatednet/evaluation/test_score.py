import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converter.cli import main
from converter.data.datasets import open_split
from converter.data.labels import write_labels
from converter.dilatednet.evaluation.score import score
from converter.dilatednet.paper import paper_row, paper_rows
from converter.errors import DatasetError
from tests.places import VOC_ROOT

MASKS = VOC_ROOT / "VOCdevkit" / "VOC2012" / "SegmentationClass"
TRUTH = {"a": [[0, 1, 1], [255, 2, 2]], "b": [[0, 0, 20]]}
GUESS = {"a": [[0, 1, 2], [9, 2, 2]], "b": [[0, 20, 20]]}
CONFUSION = {(0, 0): 2, (0, 20): 1, (1, 1): 1, (1, 2): 1, (2, 2): 2, (20, 20): 1}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    lists = tmp_path / "VOC2012" / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "val.txt").write_text("a\nb\n")
    for folder, pictures in {"VOC2012/SegmentationClass": TRUTH, "guess": GUESS}.items():
        (tmp_path / folder).mkdir()
        for name, values in pictures.items():
            write_labels(tmp_path / folder / f"{name}.png", np.array(values, np.uint8))
    return tmp_path


def dense(pairs: dict[tuple[int, int], int]) -> list[list[int]]:
    return [[pairs.get((row, column), 0) for column in range(21)] for row in range(21)]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_confusion_of_two_small_images_by_hand(made: Path, workers: int):
    result = score(open_split("voc", made, "val"), made / "guess", workers=workers)
    assert result.matrix.tolist() == dense(CONFUSION)
    assert result.scores.iou[[0, 1, 2, 20]].tolist() == pytest.approx([200 / 3, 50, 200 / 3, 50])
    assert result.scores.mean == pytest.approx((200 / 3 + 50 + 200 / 3 + 50) / 21)
    assert result.scores.pixel_accuracy == pytest.approx(75)


def test_palette_and_gray_predictions_score_the_same(made: Path):
    split = open_split("voc", made, "val")
    for name, values in GUESS.items():
        write_labels(made / "guess" / f"{name}.png", np.array(values, np.uint8), split.colors)
    with Image.open(made / "guess" / "a.png") as picture:
        assert picture.mode == "P"
    assert score(split, made / "guess").matrix.tolist() == dense(CONFUSION)


def test_predictions_in_the_data_sets_colors_score_the_same(made: Path):
    split = open_split("voc", made, "val")
    table = np.array(split.colors, np.uint8)
    Image.fromarray(table[np.array(GUESS["b"])]).save(made / "guess" / "b.png")
    assert score(split, made / "guess").counts["b"].tolist() == dense({(0, 0): 1, (0, 20): 1, (20, 20): 1})


def test_missing_predictions_are_one_error_with_the_first_and_their_number(made: Path):
    for name in GUESS:
        (made / "guess" / f"{name}.png").unlink()
    with pytest.raises(DatasetError, match=r"2 of 2 predictions are missing: a\.png, b\.png; want"):
        score(open_split("voc", made, "val"), made / "guess")


def test_only_present_looks_at_predictions_too(made: Path, capsys: pytest.CaptureFixture[str]):
    (made / "guess" / "a.png").unlink()
    given = ["score", "--predictions", str(made / "guess"), "--data", "voc", "--root", str(made)]
    assert main(given) == 2
    assert "1 of 2 predictions are missing: a.png; want" in capsys.readouterr().err
    assert main([*given, "--only-present", "--limit", "1"]) == 0
    printed = capsys.readouterr()
    assert "1 images, 3 pixels" in printed.out
    assert "only the 1 of 2 images of val that are there" in printed.err


def test_a_folder_of_predictions_that_is_not_there_is_an_error(made: Path):
    with pytest.raises(DatasetError, match="no such folder of predictions"):
        score(open_split("voc", made, "val"), made / "nowhere")


def test_a_prediction_of_another_size_is_an_error_naming_the_file(made: Path):
    write_labels(made / "guess" / "b.png", np.zeros((3, 1), np.uint8))
    with pytest.raises(DatasetError, match=r"b\.png: the prediction is 1×3, the truth 3×1"):
        score(open_split("voc", made, "val"), made / "guess")


def test_a_true_label_that_is_no_class_names_the_truths_file_and_the_place(made: Path):
    truth = made / "VOC2012" / "SegmentationClass" / "b.png"
    write_labels(truth, np.array([[0, 21, 21]], np.uint8))
    with pytest.raises(DatasetError, match=r"holds label 21 in 2 pixels, the first at row 0, column 1") as caught:
        score(open_split("voc", made, "val"), made / "guess")
    assert caught.value.path == str(truth)


def test_an_error_in_a_worker_process_arrives_whole(made: Path):
    write_labels(made / "guess" / "b.png", np.zeros((3, 1), np.uint8))
    with pytest.raises(DatasetError, match=r"b\.png: the prediction is 1×3, the truth 3×1"):
        score(open_split("voc", made, "val"), made / "guess", workers=2)


def test_the_command_prints_the_table_and_writes_the_same_as_json(made: Path, capsys: pytest.CaptureFixture[str]):
    out = made / "out.json"
    assert (
        main(["score", "--predictions", str(made / "guess"), "--data", "voc", "--root", str(made), "--json", str(out)])
        == 0
    )
    printed = capsys.readouterr()
    assert "aeroplane        50.00    87.3  -37.30" in printed.out
    assert "bird              0.00    80.3  -80.30  absent" in printed.out
    assert "(Table 3: Front + Large)" in printed.out
    assert "mean             11.11    72.1  -60.99  (an absent class counts 0, as in the VOC devkit)" in printed.out
    assert "mean, present    58.33  (over the 4 classes that occur)" in printed.out  # (200/3 + 50 + 200/3 + 50) / 4
    assert "mean accuracy    79.17" in printed.out  # (2/3 + 1/2 + 1 + 1) / 4
    assert "pixel accuracy   75.00" in printed.out
    assert "2 images, 8 pixels" in printed.out
    assert "published are 1,449" in printed.err
    written = json.loads(out.read_text())
    assert written["confusion"] == dense(CONFUSION)
    assert written["iou"]["aeroplane"] == 50.0
    assert written["by_image"]["b"] == pytest.approx(50.0)


def test_the_report_is_one_file_with_bars_images_and_confusion(made: Path):
    out = made / "report.html"
    command = [
        "score",
        "--predictions",
        str(made / "guess"),
        "--data",
        "voc",
        "--root",
        str(made),
        "--report",
        str(out),
    ]
    assert main(command) == 0
    text = out.read_text()
    assert "<h1>PASCAL VOC 2012 val: mean IoU 11.11 %</h1>" in text
    assert "72.1 % (Table 3, Front + Large): -60.99" in text
    assert "<title>50.0 %, paper 87.3 %</title>" in text
    assert "<title>absent, paper 80.3 %</title>" in text
    assert text.count("<img") == 6
    assert [text.count(f"<h3>{name}") for name in ("a: 72.2 %", "b: 50.0 %")] == [1, 1]
    assert text.index("<h3>a:") < text.index("<h2>Worst") < text.index("<h3>b:")
    assert 'title="33.33 %"' in text
    for outside in ("http:", "https:", "<script", "url("):
        assert outside not in text


def test_the_report_names_the_images_of_a_hostile_list_safely(made: Path):
    lists = made / "VOC2012" / "ImageSets" / "Segmentation" / "val.txt"
    lists.write_text("a<script>\n")
    for folder in ("VOC2012/SegmentationClass", "guess"):
        write_labels(made / folder / "a<script>.png", np.array([[0, 1]], np.uint8))
    out = made / "report.html"
    command = [
        "score",
        "--predictions",
        str(made / "guess"),
        "--data",
        "voc",
        "--root",
        str(made),
        "--report",
        str(out),
    ]
    assert main(command) == 0
    assert "<script" not in out.read_text()


def test_the_command_answers_bad_input_with_exit_code_2(made: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["score", "--predictions", str(made / "guess"), "--data", "voc", "--root", str(made / "guess")]
    assert main(arguments) == 2
    assert "no PASCAL VOC 2012 here" in capsys.readouterr().err


def test_the_papers_rows_stand_in_the_data_sets_class_order():
    row = paper_row("voc", "val", 21)
    assert row is not None
    assert (row.iou[0], row.iou[1], row.iou[20], row.mean) == (None, 87.3, 65.6, 72.1)
    front = paper_row("voc", "val", 21, "front end")
    assert front is not None
    assert front.mean == 69.8
    with pytest.raises(DatasetError, match="no row 'best'; it has Front end, Front"):
        paper_row("voc", "val", 21, "best")
    assert paper_row("voc", "train", 21) is None


@pytest.mark.parametrize(
    ("dataset", "split", "classes"),
    [("camvid", "test", 11), ("kitti", "test", 11), ("cityscapes", "val", 19), ("cityscapes", "test", 19)],
)
def test_every_row_of_a_table_without_background_has_the_mean_it_prints(dataset: str, split: str, classes: int):
    for row in paper_rows(dataset, split, classes):
        assert np.mean([value for value in row.iou if value is not None]) == pytest.approx(row.mean, abs=0.0501)


@pytest.mark.voc
def test_voc_masks_scored_against_themselves_are_100():
    result = score(open_split("voc", VOC_ROOT, "val", strict=True), MASKS)
    assert len(result.counts) == 1449
    assert result.scores.iou.tolist() == [100.0] * 21
    assert result.scores.mean == 100.0
    assert result.scores.pixel_accuracy == 100.0


def shifted(labels: np.ndarray) -> np.ndarray:
    moved = np.empty_like(labels)
    moved[:, 5:] = labels[:, :-5]
    moved[:, :5] = labels[:, :1]
    moved[moved == 255] = 0
    return moved


def slow_confusion(ground_truth: np.ndarray, prediction: np.ndarray) -> list[list[int]]:
    counts = [[0] * 21 for _ in range(21)]
    for true_row, predicted_row in zip(ground_truth.tolist(), prediction.tolist(), strict=True):
        for t, p in zip(true_row, predicted_row, strict=True):
            if t != 255:
                counts[t][p] += 1
    return counts


@pytest.mark.voc
def test_shifted_voc_masks_score_as_a_slow_confusion_matrix_says(tmp_path: Path):
    split = open_split("voc", VOC_ROOT, "val", strict=True)
    truths = {}
    for picture in split.samples:
        with Image.open(picture.labels) as mask:
            truths[picture.name] = np.array(mask)
    for name, ground_truth in truths.items():
        Image.fromarray(shifted(ground_truth)).save(tmp_path / f"{name}.png", compress_level=1)
    result = score(split, tmp_path)
    expected = np.zeros((21, 21), np.int64)
    for ground_truth in truths.values():
        moved = shifted(ground_truth)
        for t in np.unique(ground_truth):
            if t != 255:
                expected[t] += [int(np.count_nonzero(moved[ground_truth == t] == p)) for p in range(21)]
    assert result.matrix.tolist() == expected.tolist()
    for name in list(truths)[:8]:
        assert result.counts[name].tolist() == slow_confusion(truths[name], shifted(truths[name]))
    iou = [
        100 * expected[c, c] / (expected[c].sum() + expected[:, c].sum() - expected[c, c])  # every class occurs
        for c in range(21)
    ]
    assert result.scores.iou.tolist() == iou
    assert result.scores.mean == float(np.mean(iou))
