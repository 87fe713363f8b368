"""The text format of protocol buffers: tokens, literals, parser."""
