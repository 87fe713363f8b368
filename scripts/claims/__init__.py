"""The paper's claims at a size that fits a laptop: scenes, experiment, figure."""
