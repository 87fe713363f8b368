from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converter.data.datasets import Split, open_split
from converter.dilatednet.evaluation.evaluate import evaluate
from converter.dilatednet.evaluation.journal import Journal, forget
from converter.dilatednet.evaluation.score import score
from converter.errors import DatasetError, OutputError
from tests.data.made_voc import blank, made_truth, make_voc, slow_confusion

ABOUT = {"model": "fake", "classes": 21}


@pytest.fixture
def noise(tmp_path: Path) -> Split:
    random = np.random.default_rng(3)
    pictures = {}
    for index in range(6):
        image = random.integers(0, 256, (5 + index, 8, 3)).astype(np.uint8)
        pictures[f"p{index}"] = (image, made_truth(label(image)))
    return open_split("voc", make_voc(tmp_path / "voc", pictures), "val", needs=("image", "labels"))


def label(image: np.ndarray) -> np.ndarray:
    return (image[..., 0] // 13).astype(np.uint8)


def each(one):
    """A labeller of several images out of a function of one."""
    return lambda images: [one(image) for image in images]


def total(counts: dict[str, np.ndarray]) -> list[list[int]]:
    return np.sum(list(counts.values()), axis=0).tolist()


def expected(split: Split) -> list[list[int]]:
    counts = blank()
    for picture in split.samples:
        with Image.open(picture.image) as image, Image.open(picture.labels) as ground_truth:
            slow_confusion(np.asarray(ground_truth), label(np.asarray(image)), counts)
    return counts


@pytest.mark.parametrize("workers", [1, 3])
def test_the_confusion_equals_a_loop_over_pixels(noise: Split, workers: int):
    counts = evaluate(noise, each(label), workers=workers)
    assert list(counts) == [f"p{index}" for index in range(6)]
    assert total(counts) == expected(noise)


def test_the_next_images_are_handed_over_before_labels_are_waited_for(noise: Split):
    """6 images in batches of 2: one batch is always under way."""
    events = []

    def begin(images):
        events.append(f"begin {len(images)}")
        return [lambda image=image: (events.append("wait"), label(image))[1] for image in images]

    counts = evaluate(noise, begin, batch=2)
    assert total(counts) == expected(noise)
    assert events == ["begin 2", "begin 2", "wait", "wait", "begin 2", "wait", "wait", "wait", "wait"]


def test_the_shares_of_two_processes_make_the_whole(noise: Split):
    shares = [evaluate(noise, each(label), share=(rank, 2)) for rank in range(2)]
    assert [list(share) for share in shares] == [["p0", "p2", "p4"], ["p1", "p3", "p5"]]
    assert total(shares[0] | shares[1]) == expected(noise)


def test_an_interrupted_run_goes_on_with_the_images_that_are_not_finished(noise: Split, tmp_path: Path):
    calls = []

    def interrupted(image: np.ndarray) -> np.ndarray:
        calls.append(image.shape[0])
        if len(calls) == 4:
            raise KeyboardInterrupt
        return label(image)

    with Journal(tmp_path / "run", ABOUT) as journal, pytest.raises(KeyboardInterrupt):
        evaluate(noise, each(interrupted), journal=journal)
    with Journal(tmp_path / "run", ABOUT) as journal:
        counts = evaluate(noise, each(interrupted), journal=journal)
    assert calls == [5, 6, 7, 8, 8, 9, 10]
    assert total(counts) == expected(noise)


def test_a_run_begun_by_two_processes_is_finished_by_one(noise: Split, tmp_path: Path):
    for rank in range(2):
        with Journal(tmp_path / "run", ABOUT, rank) as journal:
            evaluate(
                Split(noise.layout, "val", noise.root, noise.samples[:4]),
                each(label),
                journal=journal,
                share=(rank, 2),
            )
    calls = []
    with Journal(tmp_path / "run", ABOUT) as journal:
        counts = evaluate(noise, each(lambda image: calls.append(image.shape[0]) or label(image)), journal=journal)
    assert calls == [9, 10]
    assert total(counts) == expected(noise)


@pytest.mark.parametrize("torn", [1, 2, 20, 60])
def test_a_torn_last_line_is_no_finished_image_and_spoils_no_new_one(noise: Split, tmp_path: Path, torn: int):
    with Journal(tmp_path / "run", ABOUT) as journal:
        evaluate(noise, each(label), journal=journal)
    lines = tmp_path / "run" / "images-0.jsonl"
    whole = lines.read_bytes()
    lines.write_bytes(whole[:-torn])
    for _ in range(2):
        with Journal(tmp_path / "run", ABOUT) as journal:
            assert total(evaluate(noise, each(label), journal=journal)) == expected(noise)
            assert len(journal.read_all()) == 6


def test_a_journal_of_another_evaluation_is_refused(tmp_path: Path):
    Journal(tmp_path / "run", ABOUT).__exit__(None, None, None)
    with pytest.raises(OutputError, match="finished images were made otherwise: model was fake, now other; give"):
        Journal(tmp_path / "run", {"model": "other", "classes": 21})
    forget(tmp_path / "run")
    Journal(tmp_path / "run", {"model": "other", "classes": 21}).__exit__(None, None, None)


def test_saved_predictions_score_the_same_and_a_missing_one_is_made_again(noise: Split, tmp_path: Path):
    for _ in range(2):
        with Journal(tmp_path / "run", ABOUT) as journal:
            evaluate(noise, each(label), journal=journal, save=tmp_path / "out")
        assert score(noise, tmp_path / "out").matrix.tolist() == expected(noise)
        (tmp_path / "out" / "p3.png").unlink()


def test_a_image_and_truth_of_different_sizes_are_an_error(noise: Split):
    Image.fromarray(np.zeros((5, 9), np.uint8)).save(noise.samples[0].labels)
    with pytest.raises(DatasetError, match=r"p0\.png: 9×5 labels for the 8×5 pixels of .*p0\.jpg;"):
        evaluate(noise, each(label))


def test_a_batch_of_images_is_counted_image_by_image(noise: Split):
    seen = []
    counts = evaluate(noise, lambda images: seen.append(len(images)) or each(label)(images), batch=4)
    assert seen == [4, 2]
    assert total(counts) == expected(noise)
