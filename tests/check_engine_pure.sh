#!/bin/sh
# The engine is a pure function of its records, and the desk one of its inputs:
# they may not ask for time, files, sockets, threads, configuration or a broker.
# Fails naming what a library asks for.
#
#   check_engine_pure.sh LIBRARY.a [SYMBOL ALLOWED]
#
# SYMBOL is one that it is known by; ALLOWED an extended pattern of what it may
# use all the same.
set -eu

mark=${2:-gong_batch_open}
allowed=${3:-none}
symbols=$(nm -u "$1" | awk '$1 == "U" { print $2 }' | sort -u)
if ! printf '%s\n' "$symbols" | grep -q "^$mark\$"; then
    echo "$1 does not look like itself: it does not use $mark" >&2
    exit 1
fi
if bad=$(printf '%s\n' "$symbols" | grep -Ev "^($allowed)\$" | grep -E \
    '^(clock_gettime|clock|time|gettimeofday|nanosleep|localtime.*|mktime|strftime|setlocale|getenv|rand|random|open(at)?(64)?|fopen(64)?|read|write|pread.*|pwrite.*|send.*|recv.*|socket|connect|f?printf|puts|fwrite|abort|exit|fork|syscall|mmap(64)?|pthread_.*|curl_.*|config_.*|MQTT.*|gong_wall_now|gong_mono_now|gong_log|gong_counter_.*)$')
then
    echo "$1 is not pure, it uses:" >&2
    printf '%s\n' "$bad" >&2
    exit 1
fi
