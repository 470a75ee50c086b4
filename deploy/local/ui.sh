#!/bin/bash
# Fetches what the tests of the studio page need and nothing else does, once: Playwright, axe-core, Chromium and a font with
# Chinese characters. Called by `make test-ui`. Reads VENV and PIP_ARGS (pip options).
set -euo pipefail

# shellcheck disable=SC2086  # the variable holds several options
"$VENV/bin/python" -m pip install --disable-pip-version-check --quiet --only-binary=:all: --no-deps \
  ${PIP_ARGS:-} -r requirements-ui.txt

missing=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
  missing+=(chromium)
[ -n "$(fc-list :lang=zh 2>/dev/null)" ] || missing+=(fontconfig fonts-noto-cjk)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "A browser or a Chinese font is missing, and only root can install them here." >&2
    echo "On Debian or Ubuntu: sudo apt install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  install=(apt-get install --yes --quiet --no-install-recommends "${missing[@]}")
  # The lists of packages may be missing or old.
  "${install[@]}" >/dev/null 2>&1 || { apt-get update --quiet >/dev/null && "${install[@]}" >/dev/null; }
fi
