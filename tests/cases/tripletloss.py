"""TripletLoss: anchors, positives, negatives."""

from tests.case import DIVIDED, Case, signed

TYPE = "TripletLoss"

BOTTOMS = {"a": signed(5, 3), "p": signed(5, 3), "n": signed(5, 3)}

CASES = [
    Case("margin=1", "", BOTTOMS, exact=DIVIDED),
    Case("margin=0.25", "triplet_loss_param { margin: 0.25 }", BOTTOMS, exact=DIVIDED),
]
