"""Python: a layer that a Python module of the user's computes.

The oracle runs no code from outside: the caller gives the tops, whether the layer has bottoms or not.
"""

TYPE = "Python"
IS_INPUT = True
