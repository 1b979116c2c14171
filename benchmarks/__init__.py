"""Measures the chat beside two Node backends: `scripts/benchmark`."""
