"""The parts, one a file: each has `run(setting)`, which yields findings as soon as it has them."""
