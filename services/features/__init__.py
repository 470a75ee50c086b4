"""From words and clips to phonemes, content features and tokens."""
