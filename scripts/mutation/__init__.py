"""Mutation of the project's own modules: which changes of one place do the tests notice?

`scripts/mutate` lists the mutants of a module (`mutants`), copies the tree (`tree`), records which functions each test
calls (`tracing`), and runs for every mutant the tests that call its function (`choice`), in a forked process
(`processes`).
"""
