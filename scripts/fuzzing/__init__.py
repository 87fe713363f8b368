"""Feeds every reader of both programs with damaged and made-up files; `scripts/fuzz` runs it."""
