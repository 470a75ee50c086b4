"""From trained models to speech, and the judgement of it."""
