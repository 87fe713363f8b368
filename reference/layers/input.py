"""Input: its tops are given by the caller, of any shape that the net can take (src/caffe/layers/input_layer.cpp)."""

TYPE = "Input"
MESSAGES = ("input_param",)
IS_INPUT = True
