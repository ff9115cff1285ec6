# shellcheck shell=dash
# A shell that nobody uses ends, and no program leaves its memory on the disk.
if [ -z "${TMOUT:-}" ]; then
  TMOUT=1800
  readonly TMOUT
  export TMOUT
fi
ulimit -c 0
