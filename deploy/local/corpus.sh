#!/bin/bash
# Fetches what making a corpus needs and nothing else does, once: Python packages, voices, texts. Called by `make corpus`.
# Usage: corpus.sh en|zh FOLDER. Reads VENV and PIP_ARGS (pip options). docs/corpus.md says what each part is.
set -euo pipefail
spoken=$1 parts=$2
voices=kokoro-js@1.2.1

case $spoken in
  en) texts=(wordnet-base) ;;
  zh) texts=(debian-reference-zh-cn manpages-zh libreoffice-help-zh-cn fortunes-zh) ;;
  *) echo "SPOKEN is en or zh: make corpus SPOKEN=en HOURS=1" >&2; exit 1 ;;
esac

# Without their own dependencies: two of them are opened for one file each, and would bring much that nobody calls.
mapfile -t packages < <("$VENV/bin/python" deploy/local/requirements.py corpus)
# shellcheck disable=SC2086  # the variable holds several options
"$VENV/bin/python" -m pip install --disable-pip-version-check --quiet --only-binary=:all: --no-deps -c constraints.txt \
  ${PIP_ARGS:-} "${packages[@]}"

mkdir -p "$parts"
if ! compgen -G "$parts/kokoro-js-*.tgz" >/dev/null; then
  command -v npm >/dev/null || {
    echo "npm is not installed; the voices come from the npm package $voices. On Debian or Ubuntu: apt install npm" >&2
    exit 1
  }
  npm pack --silent --pack-destination "$parts" "$voices" >/dev/null
fi

command -v dpkg-query >/dev/null || {
  echo "The texts come from packages of Debian or Ubuntu, and this is neither." >&2
  exit 1
}
missing=()
for package in "${texts[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "Texts are missing and only root can install them: sudo apt install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  apt-get install --yes --quiet --no-install-recommends "${missing[@]}" >/dev/null
fi
