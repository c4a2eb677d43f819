#!/usr/bin/env bash
# check_links.sh [ROOT]: every place that a Markdown file names must exist.
#
#   [text](path)      relative to the file; an #anchor must be a heading there
#   `folder/name.c`   from the root; * matches; folder must be a real one, or
#                     the name must look like a file of ours
#   `name.c`          somewhere in the tree
#   ```flow           every name.c, name_*.c or name/ in such a block
#
# What only exists after a build or at run time is in made().
set -euo pipefail
root=$(cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}" && pwd)
cd "$root"
failed=0
ours='[^.*/]\.(c|h|md|py|sh|cfg|conf|cmake|txt|json)$'

complain() {
  printf '%s: names %s, which does not exist\n' "$1" "$2"
  failed=1
}

# Made by a build, a demo, a reader or an installation.
made() {
  case "$1" in
    build/* | .servers/* | *.segment | *.bundle | log.meta) return 0 ;;
    tank.cfg | rules.cfg | told.txt | alerts.txt) return 0 ;;
    *NAME*) return 0 ;; # stands for a name
    *) return 1 ;;
  esac
}

somewhere() {
  [ -n "$(find . \( -path ./build -o -path ./.servers -o -path ./.git \) -prune \
    -o -path "*/$1" -print -quit)" ]
}

# The anchors that a file's headings make, as GitHub writes them.
anchors() {
  grep -E '^#+ ' "$1" | sed -E 's/^#+ +//; s/[^[:alnum:] _-]//g; s/ /-/g' |
    tr '[:upper:]' '[:lower:]'
}

check_link() {
  local file=$1 path=${2%%#*} anchor=
  case "$2" in *'#'*) anchor=${2#*#} ;; esac
  case "$2" in http://* | https://* | mailto:*) return ;; esac
  if [ -z "$path" ]; then
    path=$file
  else
    path=$(dirname "$file")/$path
  fi
  if [ ! -e "$path" ]; then
    complain "$file" "$2"
  elif [ -n "$anchor" ] && ! anchors "$path" | grep -qxF -- "$anchor"; then
    complain "$file" "$2"
  fi
}

check_code() {
  local file=$1 name=${2#./}
  made "$name" && return
  if [[ $name == */* ]]; then
    [[ -d ${name%%/*} || $name =~ $ours ]] || return 0
    compgen -G "$name" >/dev/null || complain "$file" "$2"
  elif [[ $name =~ $ours ]]; then
    somewhere "$name" || complain "$file" "$2"
  fi
}

# Text outside fences, or only the blocks of ```flow.
part() {
  awk -v flow="$2" '
    /^```/ { if (open) { open = 0 } else { open = 1; kind = substr($0, 4) } next }
    flow ? (open && kind == "flow") : !open' "$1"
}

check_file() {
  local file=$1 found
  while read -r found; do
    check_link "$file" "$found"
  done < <(part "$file" 0 | grep -oE '\]\([^) ]+\)' | sed 's/^](//; s/)$//')
  # shellcheck disable=SC2016 # Markdown's quotes, not the shell's
  while read -r found; do
    check_code "$file" "$found"
  done < <(part "$file" 0 | grep -oE '`[^`]+`' | tr -d '`' |
    grep -xE '[A-Za-z0-9_.*/-]+' || :)
  while read -r found; do
    somewhere "$found" || complain "$file" "$found in its flow"
  done < <(part "$file" 1 | grep -oE '[a-z_*/-]+(\.c|/)' | sed 's|/$||' || :)
}

files=$(find . \( -path ./build -o -path ./.servers -o -path ./.git \) -prune \
  -o -name '*.md' -print | sed 's|^\./||' | LC_ALL=C sort)
[ -n "$files" ] || { echo "no *.md in $root"; exit 1; }
while read -r file; do
  check_file "$file"
done <<<"$files"
exit "$failed"
