"""The frozen net: layers of one phase, accounted parameters, fillers, names."""
