"""Training in three stages as the paper has it: front end, context module on stored features, both together.

`recipes` holds the presets, `sources` the items, `initial_weights` what a stage begins with, `run` the loop,
`checkpoint` what survives a kill, `features` the extraction between the first two stages.
"""
