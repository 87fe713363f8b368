"""The configured net: every layer with its shapes, weights matched to it, and what can be told of it."""
