"""Models, audio and text in plain PyTorch; knows no transport and no settings."""
