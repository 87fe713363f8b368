"""Caffe's solvers: settings, learning-rate policies, update rules, state, test nets, the run."""
