#!/usr/bin/env bash
# check_links.sh must find each planted fault, and nothing else.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/common" "$folder/docs"
touch "$folder/common/err.c"
cat >"$folder/README.md" <<'END'
# A heading, with a comma
`common/err.c` `common/*.c` `err.c` `gong/v1/x` `build/x.c` [a](docs/GOOD.md)
[b](#a-heading-with-a-comma) [c](https://example.org/none)
`common/gone.c` `nowhere/gone.h` `gone.sh` `common/*.h` [d](docs/GONE.md)
[e](docs/GOOD.md#gone)
```flow
common/ err.c -> gone.c
```
```sh
cat `docs/not-read.md`
```
END
echo '[back](../README.md) [wrong](README.md)' >"$folder/docs/GOOD.md"
want="README.md: names docs/GONE.md, which does not exist
README.md: names docs/GOOD.md#gone, which does not exist
README.md: names common/gone.c, which does not exist
README.md: names nowhere/gone.h, which does not exist
README.md: names gone.sh, which does not exist
README.md: names common/*.h, which does not exist
README.md: names gone.c in its flow, which does not exist
docs/GOOD.md: names README.md, which does not exist"
if got=$("$here/check_links.sh" "$folder"); then
  echo "check_links.sh passed a tree with faults"
  exit 1
fi
diff <(echo "$want") <(echo "$got")
