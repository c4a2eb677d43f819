#!/usr/bin/env bash
# amplification.sh BIN [SECONDS]: how many bytes a device is given to write for
# each byte of payload, through the log and through a bare appender with
# fdatasync, on an ext4 of its own in a loop-mounted file. Needs root for mount
# and the loop device. SECONDS is the least time of one cell (default 10).
set -euo pipefail
bin=${1:?usage: bench/amplification.sh BIN [SECONDS]}/bench_amplification
seconds=${2:-10}
payload=${PAYLOAD:-200}
[ -x "$bin" ] || { echo "$bin is not built (cmake --build ... --target bench_amplification)"; exit 1; }
if [ "$(id -u)" != 0 ]; then
  echo "needs root: it mounts an ext4 of its own" >&2
  exit 77
fi
work=$(mktemp -d -p "${TMP_IMAGE:-/dev/shm}")
device=
finish() {
  mountpoint -q "$work/mnt" && umount "$work/mnt"
  [ -n "$device" ] && losetup -d "$device"
  rm -rf "$work"
}
trap finish EXIT
truncate -s 512M "$work/image"
mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 "$work/image"
mkdir "$work/mnt"
device=$(losetup -f --show "$work/image") || { echo "no loop device" >&2; exit 77; }
mount "$device" "$work/mnt"

cell() { # KIND RATE INTERVAL_MS
  local length=$seconds payload_bytes syncs wrote
  [ $((2 * $3 / 1000)) -gt "$length" ] && length=$((2 * $3 / 1000))
  rm -rf "$work/mnt/log"
  mkdir "$work/mnt/log"
  [ "$1" = recycled ] && "$bin" fill "$work/mnt/log" 0 0 0 "$payload" - 2>/dev/null
  read -r payload_bytes syncs wrote < <("$bin" "${1/recycled/spool}" "$work/mnt/log" "$2" "$3" "$length" "$payload" \
    "/sys/block/${device#/dev/}/stat" 2>/dev/null)
  awk -v kind="$1" -v rate="$2" -v ms="$3" -v bytes="$payload_bytes" -v syncs="$syncs" \
    -v wrote="$wrote" -v s="$length" 'BEGIN {
      printf "%-9s %6d %9d %8d %12d %12d %8.1f %10.1f\n", kind, rate, ms, syncs,
             bytes, wrote, wrote / bytes, wrote / s * 86400 / 1e6 }'
}

echo "records of $payload bytes, ext4 on $device, $(uname -r)"
printf '%-9s %6s %9s %8s %12s %12s %8s %10s\n' log rate/s commit_ms syncs payload_B written_B ratio MB/day
for rate in ${RATES:-10 1000}; do
  for ms in ${INTERVALS:-50 200 1000 10000}; do
    for kind in spool recycled bare; do
      cell "$kind" "$rate" "$ms"
    done
  done
done
