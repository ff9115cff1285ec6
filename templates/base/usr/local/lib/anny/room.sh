# shellcheck shell=bash
# Room on the state's disk for a takeover: asked for while no request waits.

readonly STATE_MARGIN_MIB=64
# What was written so lately is likely to be again until the takeover.
readonly BUSY_MINUTES=60

# A takeover builds a file that has changed beside the one that was pulled.
require_room_to_take_over() {
  local next=$STATE
  if [[ $ROLE == relay ]]; then next=${STATE%/*}/$AHEAD; fi
  require_state_room "$(find "$next" -type f -mmin "-$BUSY_MINUTES" -printf '%k\n' | sort -n | tail -n 1)" \
    'the largest file that the app writes to, once more'
}

# require_state_room KIB WHAT
require_state_room() {
  local need=$((${1:-0} / 1024 + STATE_MARGIN_MIB)) free
  free=$(state_room_mib)
  if [[ $free -lt $need && $ROLE == relay ]]; then
    forget_backup_copy
    free=$(state_room_mib)
  fi
  [[ $free -ge $need ]] || die "a takeover needs $need MiB here for $2, and $free MiB are free" "$(way_to_room)"
}

way_to_room() {
  if [[ $ROLE == relay ]]; then
    echo "make room on this machine; or bring its image up on a fresh one, with the data: anny-bluegreen promote --image $(image_digest | cut -c1-12)"
  else
    echo 'make room on this machine, or choose a plan with a larger disk'
  fi
}

state_room_mib() {
  local free
  free=$(df --output=avail -B1M "${STATE%/*}" | tail -n 1)
  printf '%s' "${free// /}"
}

# Where a relay lacks the room for a takeover: it makes no backups, and the first one after it copies all again. Not under one that is
# still on its way to the repository.
forget_backup_copy() {
  [[ -d $BACKUP_DIR/copy && $(stat -c %d "$BACKUP_DIR") == $(stat -c %d "${STATE%/*}") ]] || return 0
  flock -n "$RUN/backup-lock" rm -rf "${BACKUP_DIR:?}/copy" || return 0
  note 'there is little room: what the next backup would have begun with is gone'
}
