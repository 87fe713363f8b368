"""Layers that answer with boxes, against boxes found and suppressed in plain loops."""

import math

import numpy as np

from tests.layers.one_layer import normal, run, uniform


def greedy(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> list[int]:
    """Suppression in the plainest way; an overlap of just the threshold stays."""
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable"):
        if all(overlap(boxes[index], boxes[other]) <= threshold for other in kept):
            kept.append(int(index))
    return kept


def overlap(a: np.ndarray, b: np.ndarray, border: float = 0.0) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0]) + border
    height = min(a[3], b[3]) - max(a[1], b[1]) + border
    common = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0] + border) * (box[3] - box[1] + border) for box in (a, b)]
    return common / (sum(areas) - common)


def test_detections_of_every_class_may_have_boxes_of_their_own(build):
    corners = uniform(6, 2) * 0.5
    priors = np.concatenate([corners, corners + (0.2 + 0.3 * uniform(6, 2, seed=2))], 1)
    offsets = normal(6, 3, 4) * 0.5
    scores = uniform(6, 3)
    variances = np.tile([0.1, 0.1, 0.2, 0.2], 6)
    body = (
        'type: "DetectionOutput" detection_output_param { num_classes: 3 share_location: false code_type: CORNER_SIZE '
        "background_label_id: 2 confidence_threshold: 0.2 nms_param { nms_threshold: 0.4 } }"
    )
    both = np.stack([priors.ravel(), variances])[None]
    (rows,) = run(build, body, offsets.reshape(1, -1), scores.reshape(1, -1), both)
    wanted = []
    for label in (0, 1):
        size = np.tile(priors[:, 2:] - priors[:, :2], 2)
        boxes = priors + offsets[:, label] * [0.1, 0.1, 0.2, 0.2] * size
        for index in greedy(boxes, scores[:, label], 0.4):
            if scores[index, label] > 0.2:
                wanted.append([0, label, scores[index, label], *boxes[index]])
    assert rows.shape == (1, 1, len(wanted), 7)
    assert np.allclose(rows[0, 0], wanted)


def test_nothing_detected_is_one_row_a_image(build):
    fields = "num_classes: 2 confidence_threshold: 0.9 code_type: CENTER_SIZE"
    body = f'type: "DetectionOutput" detection_output_param {{ {fields} }}'
    priors = np.array([[[0.1, 0.1, 0.4, 0.4], [0.1, 0.1, 0.2, 0.2]]])
    (rows,) = run(build, body, np.zeros((2, 4)), np.zeros((2, 2)), priors)
    assert rows[0, 0].tolist() == [[0, -1, -1, -1, -1, -1, -1], [1, -1, -1, -1, -1, -1, -1]]


def test_how_many_are_detected_is_not_known_before(build):
    """detection_output_layer.cpp, Reshape: one row of 7 stands for any number."""
    body = (
        'type: "DetectionOutput" bottom: "a" bottom: "b" bottom: "c" top: "y" detection_output_param { num_classes: 2 }'
    )
    assert build(body, {"a": (3, 8), "b": (3, 4), "c": (1, 2, 8)}).plan.shapes["y"] == (1, 1, 1, 7)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def yolo3_candidates(x: np.ndarray, anchors: list[tuple[float, float]], scale: int, classes: int, least: float) -> list:
    found = []
    side = x.shape[3]
    for n in range(x.shape[0]):
        for place in range(side * side):
            row, column = divmod(place, side)
            for box, (wide, high) in enumerate(anchors):
                value = x[n, box * (5 + classes) : (box + 1) * (5 + classes), row, column]
                cx, cy = (column + sigmoid(value[0])) / side, (row + sigmoid(value[1])) / side
                w, h = np.exp(value[2]) * wide / (side * scale), np.exp(value[3]) * high / (side * scale)
                for label in range(classes):
                    score = sigmoid(value[4]) * sigmoid(value[5 + label])
                    if score > least:
                        found.append([label, score, cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])
    return found


def test_yolo3_suppresses_across_grids_and_classes(build):
    biases = [10, 14, 23, 27, 37, 58, 81, 82, 135, 169, 344, 319]
    fields = " ".join(f"biases: {value}" for value in biases) + " mask: 3 mask: 4 mask: 5 mask: 0 mask: 1 mask: 2"
    body = (
        f'type: "Yolov3DetectionOutput" yolov3_detection_output_param {{ num_classes: 2 confidence_threshold: 0.3 '
        f"nms_threshold: 0.45 {fields} mask_group_num: 2 anchors_scale: 32 anchors_scale: 16 }}"
    )
    coarse, fine = normal(1, 21, 3, 3), normal(1, 21, 6, 6)
    (rows,) = run(build, body, coarse, fine)
    pairs = list(zip(biases[::2], biases[1::2], strict=True))
    found = yolo3_candidates(coarse, pairs[3:], 32, 2, 0.3) + yolo3_candidates(fine, pairs[:3], 16, 2, 0.3)
    found = np.array(found)
    wanted = [[0, found[i, 0] + 1, *found[i, 1:]] for i in greedy(found[:, 2:], found[:, 1], 0.45)]
    assert len(wanted) > 3
    assert np.allclose(rows[0, 0], wanted)


def test_yolo2_gives_each_box_its_likeliest_class(build):
    biases = [1.08, 1.19, 3.42, 4.41]
    body = (
        'type: "YoloDetectionOutput" yolo_detection_output_param { num_classes: 3 num_box: 2 coords: 4 side: 13 '
        f"confidence_threshold: 0.3 nms_threshold: 0.45 {' '.join(f'biases: {value}' for value in biases)} }}"
    )
    x = normal(1, 16, 4, 4) * 2
    (rows,) = run(build, body, x)
    found = []
    for row in range(4):
        for column in range(4):
            for box in range(2):
                value = x[0, box * 8 : box * 8 + 8, row, column]
                chances = np.exp(value[5:]) / np.exp(value[5:]).sum()
                score = sigmoid(value[4]) * chances.max()
                if score >= 0.3:
                    cx, cy = (column + sigmoid(value[0])) / 4, (row + sigmoid(value[1])) / 4
                    w, h = np.exp(value[2]) * biases[2 * box] / 4, np.exp(value[3]) * biases[2 * box + 1] / 4
                    found.append([chances.argmax(), score, cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])
    found = np.array(found)
    wanted = [[0, found[i, 0] + 1, *found[i, 1:]] for i in greedy(found[:, 2:], found[:, 1], 0.45)]
    assert len(wanted) > 3
    assert np.allclose(rows[0, 0], wanted)


def test_proposals_are_the_best_anchors_moved_cut_and_suppressed(build):
    body = (
        'type: "Proposal" proposal_param { ratio: 1 ratio: 2 scale: 1 base_size: 16 feat_stride: 16 pre_nms_topn: 20 '
        "post_nms_topn: 4 nms_thresh: 0.5 min_size: 8 }"
    )
    scores, moves = uniform(1, 4, 3, 4), normal(1, 8, 3, 4) * 0.3
    rois, kept_scores = run(build, body, scores, moves, np.array([[48.0, 64.0, 1.5, 1.25]]), tops=2)
    # ratio 1: 16 by 16 around 7.5; ratio 2: sqrt(128) rounds to 11 wide, 22 high
    anchors = [(0.0, 0.0, 15.0, 15.0), (2.5, -3.0, 12.5, 18.0)]
    found = []
    for row in range(3):
        for column in range(4):
            for k, (x1, y1, x2, y2) in enumerate(anchors):
                w, h = x2 - x1 + 1, y2 - y1 + 1
                dx, dy, dw, dh = moves[0, 4 * k : 4 * k + 4, row, column]
                cx, cy = column * 16 + x1 + w / 2 + dx * w, row * 16 + y1 + h / 2 + dy * h
                half_w, half_h = math.exp(dw) * w / 2, math.exp(dh) * h / 2
                box = [
                    min(max(cx - half_w, 0), 63),
                    min(max(cy - half_h, 0), 47),
                    min(max(cx + half_w, 0), 63),
                    min(max(cy + half_h, 0), 47),
                ]
                large = box[2] - box[0] + 1 >= 8 * 1.25 and box[3] - box[1] + 1 >= 8 * 1.5
                found.append([scores[0, 2 + k, row, column] * large, *box])
    order = np.array(sorted(found, key=lambda item: -item[0])[:20])
    kept: list[int] = []
    for index in range(20):
        if len(kept) < 4 and all(overlap(order[index, 1:], order[other, 1:], 1.0) <= 0.5 for other in kept):
            kept.append(index)
    assert np.allclose(rois, np.concatenate([np.zeros((4, 1)), order[kept, 1:]], 1))
    assert np.allclose(kept_scores, order[kept, 0])
