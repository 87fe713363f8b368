"""Caffe's solvers: rate policies, update rules, settings from a solver.prototxt, state files, and the loop over them.

`policies` and `settings` compute no tensor and import no torch; `optimizers`, `state` and `driver` do.
"""
