#!/bin/sh
# The manual pages are well formed: mandoc's or man's own judgement. Without
# either program nothing is checked, and ctest is told so (77).
set -eu
cd "$(dirname "$0")/../docs/man"
if command -v mandoc >/dev/null; then
  mandoc -T lint -W warning ./*.1
elif command -v man >/dev/null && command -v groff >/dev/null; then
  for page in ./*.1; do
    said=$(LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
    [ -z "$said" ] || { printf '%s: %s\n' "$page" "$said" >&2; exit 1; }
  done
else
  echo "neither mandoc nor man with groff is installed: not checked"
  exit 77
fi
