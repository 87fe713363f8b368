"""MultiBoxLoss: SSD's loss, matched and mined in every way."""

import numpy as np

from tests.case import CURVED, Case, given, signed

TYPE = "MultiBoxLoss"

PRIORS = [
    [0.0, 0.0, 0.4, 0.4], [0.1, 0.1, 0.5, 0.5], [0.5, 0.5, 0.9, 0.9], [0.55, 0.45, 0.95, 0.95],
    [0.0, 0.6, 0.3, 0.9], [-0.1, 0.2, 0.3, 0.6], [0.6, 0.0, 1.0, 0.35], [0.7, 0.7, 0.75, 0.8],
]  # fmt: skip
VARIANCES = [[0.1, 0.1, 0.2, 0.2]] * len(PRIORS)
TRUTH = [
    [0, 1, 0, 0.05, 0.02, 0.45, 0.41, 0], [0, 2, 0, 0.52, 0.47, 0.92, 0.93, 1],
    [1, 2, 0, 0.02, 0.55, 0.36, 0.94, 0], [-1, -1, -1, 0, 0, 0, 0, 0],
]  # fmt: skip


def bottoms(classes: int, images: int = 2):
    """Offsets and scores of eight priors, and three true boxes in two images."""
    return {
        "loc": signed(images, 4 * len(PRIORS)),
        "conf": signed(images, classes * len(PRIORS)),
        "priors": given(np.array([[PRIORS, VARIANCES]]).reshape(1, 2, -1)),
        "truth": given([[TRUTH]]),
    }


def case(name: str, fields: str = "", more: str = "", classes: int = 3, images: int = 2) -> Case:
    """A case with these fields of multibox_loss_param."""
    body = f"multibox_loss_param {{ num_classes: {classes} {fields} }} {more}"
    return Case(name, body, bottoms(classes, images), exact=CURVED)


CASES = [
    case("CENTER_SIZE", "code_type: CENTER_SIZE share_location: true"),
    case("CORNER, bipartite", "match_type: BIPARTITE neg_overlap: 0.3"),
    case("CORNER_SIZE, variance in target", "code_type: CORNER_SIZE encode_variance_in_target: true"),
    case("CENTER_SIZE, variance in target", "code_type: CENTER_SIZE encode_variance_in_target: true"),
    case("L2, weight", "loc_loss_type: L2 loc_weight: 0.5 overlap_threshold: 0.35 neg_overlap: 0.35"),
    case("LOGISTIC", "conf_loss_type: LOGISTIC neg_pos_ratio: 1.5 do_neg_mining: true"),
    case("without mining, FULL", "mining_type: NONE", "loss_param { normalization: FULL }"),
    case("difficult boxes left out", "use_difficult_gt: false", "loss_param { normalization: BATCH_SIZE }"),
    case("predicted boxes are matched", "use_prior_for_matching: false code_type: CENTER_SIZE overlap_threshold: 0.2"),
    case("borders crossed, NONE", "ignore_cross_boundary_bbox: true", "loss_param { normalization: NONE }"),
    case("agnostic", "background_label_id: 0 map_object_to_agnostic: true", classes=2),
    case("background last", "background_label_id: 3", classes=4),
    case("an image without boxes", "code_type: CENTER_SIZE", images=3),
    case(
        "only classes",
        "code_type: CENTER_SIZE",
        "propagate_down: false propagate_down: true propagate_down: false propagate_down: false",
    ),
]
