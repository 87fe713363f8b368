"""Region: YOLOv2's grid with probabilities, of each family of forks."""

from tests.case import CHOICE, CURVED, OWN, Case, signed, still

TYPE = "Region"

ANCHORS = "num: 2 biases: 1.5 biases: 1 biases: 0.5 biases: 2"
FROM_DARKNET = (
    'classes: 3 num: 2 coords: 4 softmax: true anchors: "1.5,1, 0.5,2" jitter: 0.2 rescore: 1 bias_match: 1 '
    "thresh: 0.6 object_scale: 5 noobject_scale: 1 class_scale: 1 coord_scale: 1 absolute: 1 random: 0 log: 0 sqrt: 0 "
    "max: 30 background: 0 classfix: 0 mask_scale: 1 nms_thresh: 0.3 tree_thresh: 0.5 relative: 1 box_thresh: 0.24"
)
GRID = {"x": signed(2, 16, 3, 2)}
SQUARE = {"x": still(signed(2, 16, 3, 3))}


def case(name, body, inputs, tops=("y",), gradient=OWN, **more):
    """A case of three classes."""
    return Case(name, body, inputs, tops, exact=CURVED, gradient=gradient, **more)


CASES = [
    case("as darknet2caffe writes it", f"region_param {{ {FROM_DARKNET} }}", GRID),
    case("five coordinates", "region_param { num: 2 classes: 2 coords: 5 }", GRID),
    case(
        "side",
        "region_param { num_classes: 3 num: 2 side: 3 coords: 4 biases: 1 biases: 2 }",
        {"x": signed(2, 16, 3, 3)},
        type="region",
    ),
    case("rows", 'region_param { classes: 3 coords: 4 boxes_of_each_grid: 2 softmax: true anchors: "1,2" }', GRID),
    case("rows without softmax", "region_param { classes: 3 boxes_of_each_grid: 2 }", GRID),
    case(
        "boxes, as zhang-xin's nets have it",
        f"region_loss_param {{ side: 3 num_classes: 3 coords: 4 softmax: true threshold: 0.24 batch: 2 {ANCHORS} }}",
        SQUARE,
        ("box", "prob"),
        CHOICE,
    ),
    case(
        "boxes, as zhangnju's",
        "region_loss_param { side: 3 num_class: 3 softmax: false thresh: 0.1 jitter: 0.2 rescore: 1 object_scale: 5 "
        f"noobject_scale: 1 class_scale: 1 coord_scale: 1 absolute: 1 random: 0 bias_match: 1 {ANCHORS} }}",
        SQUARE,
        ("box", "prob"),
        CHOICE,
    ),
]
