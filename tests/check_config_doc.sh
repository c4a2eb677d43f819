#!/usr/bin/env bash
# check_config_doc.sh BIN [--write]: docs/CONFIG.md must hold what the programs
# in BIN print with --options, each between a pair of lines
#     <!-- PROGRAM --options -->   and   <!-- end -->
# save the depth of headings, which is the page's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=${1:?usage: tests/check_config_doc.sh BIN [--write]}
page=docs/CONFIG.md
fresh=$(mktemp)
options=$(mktemp)
trap 'rm -f "$fresh" "$options"' EXIT

while IFS= read -r line || [ -n "$line" ]; do
  case "$line" in
    '<!-- gong-'*' --options -->')
      program=${line#<!-- }
      "$bin/${program%% *}" --options >"$options"
      [ -s "$options" ]
      printf '%s\n\n' "$line"
      sed -E '/^# /d; s/^#+ /### /' "$options" | cat -s |
        sed -e '1{/^$/d' -e '}' -e '${/^$/d' -e '}'
      printf '\n'
      skipping=1
      ;;
    '<!-- end -->')
      skipping=
      printf '%s\n' "$line"
      ;;
    *) [ -n "${skipping:-}" ] || printf '%s\n' "$line" ;;
  esac
done <"$page" >"$fresh"

# Both programs must be there.
[ "$(grep -c -- ' --options -->$' "$fresh")" = 2 ]
if [ "${2:-}" = --write ]; then
  cat "$fresh" >"$page"
elif ! diff -u "$page" "$fresh"; then
  echo "$page is not what the programs say; write it again with:"
  echo "  tests/check_config_doc.sh build/dev/bin --write"
  exit 1
fi
