"""Fine-tuning and pretraining of the two models."""
