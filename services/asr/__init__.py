"""From clips to words."""
