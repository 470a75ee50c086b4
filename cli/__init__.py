"""The voiceloom command."""
