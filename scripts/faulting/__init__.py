"""Breaks every command that writes off: killed, out of room, in each other's way; `scripts/faults` runs it."""
