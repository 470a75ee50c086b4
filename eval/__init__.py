"""Measures how well voices speak: intelligibility, likeness, naturalness and pace, beside natural recordings."""
