#!/bin/sh
# check_gate.sh PLANT FAULT MESSAGE: the planted fault must end the program with
# an error that says MESSAGE, and the same program without a fault must not.
set -u
if ! "$1" none >/dev/null 2>&1; then
  echo "the program fails without a fault: the gate proves nothing"
  exit 1
fi
output=$("$1" "$2" 2>&1)
code=$?
if [ "$code" = 0 ]; then
  echo "a planted $2 passed"
  exit 1
fi
case "$output" in
*"$3"*) echo "a planted $2 was caught (exit $code)" ;;
*)
  echo "a planted $2 ended with $code, but nothing says '$3':"
  echo "$output"
  exit 1
  ;;
esac
