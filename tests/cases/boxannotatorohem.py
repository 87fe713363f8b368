"""BoxAnnotatorOHEM: the boxes of greatest loss."""

from tests.case import CHOICE, Case, given, labels, signed

TYPE = "BoxAnnotatorOHEM"

REGIONS = given([[0, 1, 1, 5, 5], [1, 0, 0, 3, 3], [0, 2, 2, 9, 9], [1, 4, 0, 8, 3], [1, 0, 0, 2, 2]])


def bottoms(*trailing: int):
    """Five boxes of two images with trailing axes."""
    return {"loss": signed(5, 1, *trailing), "label": labels(3, 5, 1, *trailing), "w": signed(5, 4, *trailing)}


CASES = [
    Case(
        "one an image",
        "box_annotator_ohem_param { roi_per_img: 1 }",
        {"rois": REGIONS, **bottoms()},
        ("labels", "weights"),
        gradient=CHOICE,
    ),
    Case(
        "two an image, ignore_label",
        "box_annotator_ohem_param { roi_per_img: 2 ignore_label: 255 }",
        {"rois": given(REGIONS.draw(None, True).reshape(5, 5, 1, 1)), **bottoms(1, 1)},  # type: ignore[arg-type]
        ("labels", "weights"),
        gradient=CHOICE,
    ),
    Case(
        "places of a map",
        "box_annotator_ohem_param { roi_per_img: 2 }",
        {
            "rois": given([[[[0, 1, 0]], *[[[1, 2, 3]]] * 4], [[[1, 1, 0]], *[[[4, 5, 6]]] * 4]]),
            "loss": signed(2, 1, 1, 3),
            "label": labels(3, 2, 1, 1, 3),
            "w": signed(2, 4, 1, 3),
        },
        ("labels", "weights"),
        gradient=CHOICE,
    ),
]
