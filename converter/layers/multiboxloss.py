"""MultiBoxLoss: SSD's loss on the offsets and classes of its priors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from converter.errors import ShapeError
from converter.layers.kit.examples import boxes_of_images
from converter.layers.kit.losses import read_normalizer
from converter.layers.kit.windows import element_count
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.params import Params


@layer("MultiBoxLoss")
class MultiBoxLoss(Operator):
    """Loss of the matched priors' offsets and of classes, hard negatives mined; top: ().

    Bottoms: offsets (n, priors * 4), scores (n, priors * classes), priors (1, 2, priors * 4) with their variances, and
    true boxes (1, 1, boxes, 8) of item, label, instance, xmin, ymin, xmax, ymax, difficult, as AnnotatedData gives
    them. A part whose bottom has `propagate_down: false` does not count, as in SSD. Refused: share_location false,
    HARD_EXAMPLE, suppression before mining, LOGISTIC without mining (SSD's program misplaces its targets).
    Source: SSD's src/caffe/layers/multibox_loss_layer.cpp; arXiv:1512.02325.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read how priors are matched and losses summed, and compare the bottoms."""
        self.expect_bottoms(bottoms, 4)
        view = p.message("multibox_loss_param")
        flags = [bool(value) for value in p.record.all("propagate_down")]
        self.options = {
            **_read_losses(view),
            **_read_matching(view),
            "normalization": read_normalizer(p.message("loss_param"), "VALID").mode,
            "losses": (flags[0], flags[1]) if len(flags) > 1 else (True, True),
        }
        self._compare(bottoms)

    def _compare(self, bottoms: Shapes) -> None:
        offsets, scores, priors, truth = bottoms
        count = element_count(priors) // 8
        classes = self.options["classes"]
        seen = (element_count(offsets[1:]), element_count(scores[1:]))
        if seen != (4 * count, classes * count) or element_count(priors) != 8 * count or truth[-1:] != (8,):
            raise ShapeError(
                f"bottoms of shapes {list(bottoms)}; {count} priors of {classes} classes need (n, {4 * count}), "
                f"(n, {classes * count}), (1, 2, {4 * count}) and (1, 1, boxes, 8)"
            )

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """True boxes."""
        known = (self.options["classes"], self.options["background_label"], bottoms[3])
        return boxes_of_images(random, bottoms[0][0], *known) if place == len(bottoms) - 1 else None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def module(self) -> nn.Module:
        """MultiBoxLoss."""
        from converter.modules import multibox

        return multibox.MultiBoxLoss(**self.options)


def _read_losses(view: Params) -> dict[str, Any]:
    """The two losses, and which priors without a match count."""
    mining = view.choice("mining_type", ("MAX_NEGATIVE", "NONE"), "MAX_NEGATIVE") == "MAX_NEGATIVE"
    if view.flag("do_neg_mining", mining) != mining:
        raise view.error("do_neg_mining", "contradicts mining_type", "leave it out")
    conf = view.choice("conf_loss_type", ("SOFTMAX", "LOGISTIC"), "SOFTMAX").lower()
    if conf == "logistic" and not mining:
        raise view.error("conf_loss_type", "is LOGISTIC", "SSD computes it with mining_type MAX_NEGATIVE only")
    return {
        "classes": view.integer("num_classes"),
        "loc_loss": view.choice("loc_loss_type", ("L2", "SMOOTH_L1"), "SMOOTH_L1").lower(),
        "conf_loss": conf,
        "loc_weight": view.number("loc_weight", 1.0),
        "background_label": view.integer("background_label_id", 0),
        "agnostic": view.flag("map_object_to_agnostic", False),
        "mining": mining,
        "neg_pos_ratio": view.number("neg_pos_ratio", 3.0),
        "neg_overlap": view.number("neg_overlap", 0.5),
    }


def _read_matching(view: Params) -> dict[str, Any]:
    """Which boxes are matched, and how."""
    if not view.flag("share_location", True):
        raise view.error("share_location", "is false", "the converter knows offsets that all classes share")
    return {
        "per_prediction": view.choice("match_type", ("BIPARTITE", "PER_PREDICTION"), "PER_PREDICTION") != "BIPARTITE",
        "overlap_threshold": view.number("overlap_threshold", 0.5),
        "use_prior": view.flag("use_prior_for_matching", True),
        "use_difficult": view.flag("use_difficult_gt", True),
        "code": view.choice("code_type", ("CORNER", "CENTER_SIZE", "CORNER_SIZE"), "CORNER"),
        "variance_in_target": view.flag("encode_variance_in_target", False),
        "ignore_cross_boundary": view.flag("ignore_cross_boundary_bbox", False),
    }
