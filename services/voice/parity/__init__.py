"""Checks the models against recorded numbers of the official classes: `python -m services.voice.parity FOLDER`.

A vector is NAME.json (config, how each output was made, tolerances) and usually NAME.safetensors (inputs `in.*`,
sometimes weights `sd.*`, outputs). The models are built from what lies in the folder, so other salts, sizes and
lengths work as well.
"""
