"""EltwiseAccuracy: shares of right pixels; of a tie the later class wins."""

from tests.case import CHOICE, Case, labels, signed

TYPE = "EltwiseAccuracy"

BOTTOMS = {"x": signed(2, 4, 3, 3), "label": labels(4, 2, 1, 3, 3)}

CASES = [
    Case("best class", inputs=BOTTOMS, gradient=CHOICE),
    Case("top_k=2", "eltwise_accuracy_param { top_k: 2 }", BOTTOMS, gradient=CHOICE),
    Case("ignore_label", "eltwise_accuracy_param { ignore_label: 2 }", BOTTOMS, gradient=CHOICE),
    Case("use_label, top_k=3", "eltwise_accuracy_param { use_label: 1 top_k: 3 }", BOTTOMS, gradient=CHOICE),
    Case("none counts", "eltwise_accuracy_param { use_label: 9 }", BOTTOMS, gradient=CHOICE),
    Case("unknown labels", inputs={"x": signed(1, 2, 3, 3), "label": labels(4, 1, 1, 3, 3)}, gradient=CHOICE),
]
