# shellcheck shell=bash
# A backup is a snapshot in the repository: state/, letsencrypt/, history.jsonl, sparse and manifest.json. It is made from a copy that
# stays on the disk, so that the next one needs the difference alone.

readonly FREEZE_SECONDS=20
readonly BACKUP_MARGIN_MIB=64
readonly BACKUP_WAIT_SECONDS=600
# The newest one that this machine made: the answer of the verb.
readonly LAST_BACKUP=$LIB/last-backup.json
# Older than every change that the newest backup may not have.
readonly SAVED=$LIB/saved
# Names are stable: restic finds what it has by them.
readonly -a MEMBERS=(state letsencrypt history.jsonl sparse manifest.json)

# backup [asked|daily|change]: `change` does nothing where nothing has changed since the last. What a timer asks for is left
# to the next time, or to the next writer, where a handover is under way.
verb_backup() {
  local reason=${1:-asked} now at found answer
  [[ $reason =~ ^(asked|daily|change)$ ]] || die "'$reason' is no reason for a backup" 'anny-box backup'
  require_role writer
  require_repository
  take_backup_turn "$reason" || { answer_json '{}'; return; }
  take_lock backup
  [[ -z ${lease:-} ]] || require_lease "$lease" backup
  load_role
  if [[ $reason != asked ]] && { [[ $ROLE != writer ]] || held; }; then
    answer_json '{}'
    return
  fi
  require_role writer
  held && die 'a handover is under way' 'run the same command again when it is over'
  now=$(date +%s%N)
  at=${now:0:-9}
  # By less than this the moments of two changes cannot be told apart.
  now=$((now - 100000000))
  touch -d "@${now:0:-9}.${now: -9}" "$SAVED.new"
  if [[ $reason == change ]] && ! changed_since_saved; then
    mv -f "$SAVED.new" "$SAVED"
    answer_json '{}'
    return
  fi
  # By a backup that was killed.
  unfreeze_app
  require_room
  copy_at_one_moment "$BACKUP_DIR/copy" "$reason"
  # What follows takes its time, and keeps no handover waiting.
  exec 9>&-
  found=$(manifest "$BACKUP_DIR/copy/state")
  printf '%s\n' "$found" >"$BACKUP_DIR/copy/manifest.json"
  answer=$(keep_snapshot "$reason" "$at" "$found")
  printf '%s\n' "$answer" | write_file "$LAST_BACKUP" 644
  mv -f "$SAVED.new" "$SAVED"
  note "$answer"
  answer_json "$answer"
  if [[ $reason != asked ]]; then forget_old_backups; fi
}

# One at a time, and not under the lock of the verbs. Who only wants to know whether something changed does not wait: 1.
take_backup_turn() {
  exec 8>>"$RUN/backup-lock"
  if [[ $1 == change ]]; then
    flock -n 8
    return
  fi
  flock -w "$BACKUP_WAIT_SECONDS" 8 || die 'another backup is under way' 'wait for it, then run the same command again' '{"busy":true}'
}

# By the moment that an inode changed, which no program can set back. A clock that was set back counts as a change.
changed_since_saved() {
  [[ -e $SAVED && $(stat -c %Y "$SAVED") -le $(date +%s) ]] || return 0
  [[ -n $(find "$STATE" "$LETSENCRYPT" "$HISTORY" -cnewer "$SAVED" -print -quit 2>/dev/null) ]]
}

# copy_at_one_moment DIRECTORY REASON: most is copied while the app runs; it is frozen only for the difference.
copy_at_one_moment() {
  local -a closely=()
  # Once a day by content: what changed with neither its size nor its time is copied too.
  [[ $2 != daily ]] || closely=(--checksum)
  install -d -m 700 "$1" "$1/letsencrypt"
  copy_state "$1/state" "${closely[@]}" || true
  if app_running; then
    # Should this process be killed now, the app must not stay frozen.
    systemd-run --quiet --collect --unit="anny-unfreeze-$(uptime_ms)" --on-active="$FREEZE_SECONDS" \
      docker unpause "$CONTAINER"
    freeze pause
    copy_state "$1/state" || { freeze unpause; die 'the state could not be copied' "$(full_disk_hint)run the same command again"; }
    freeze unpause || die 'the app was frozen for longer than the backup may take' 'run the same command again'
    systemctl stop 'anny-unfreeze-*.timer'
  else
    copy_state "$1/state"
  fi
  rsync -a --delete "$LETSENCRYPT/" "$1/letsencrypt/"
  cp -a "$HISTORY" "$1/history.jsonl" 2>/dev/null || : >"$1/history.jsonl"
  # An old restic fills holes.
  find "$1/state" -type f -size +1M -printf '%S %P\0' | names_with_holes >"$1/sparse"
}

# Of lines "SHARE NAME", each ended by a zero: names of files whose blocks are fewer than their size asks.
names_with_holes() {
  local share name
  while read -rd '' share name; do
    [[ $share == 0.9* || $share != 0* && $share != *e-* ]] || printf '%s\0' "$name"
  done
}

# By Docker's socket: its own program takes five times as long, while requests wait.
freeze() {
  curl -sS -m 10 --fail-with-body --unix-socket "$DOCKER_SOCKET" -X POST "http://docker/containers/$CONTAINER/$1"
}

copy_state() {
  rsync -aHAXS --numeric-ids --delete --modify-window=-1 "${@:2}" "$STATE/" "$1/"
}

# A backup that filled the disk would stop the app that it is for. It needs room for what its copy does not have yet.
require_room() {
  local state_mib copy_mib free_mib need
  install -d -m 700 "$BACKUP_DIR"
  state_mib=$(du -sm "$STATE" | cut -f1)
  copy_mib=$(du -sm "$BACKUP_DIR/copy" 2>/dev/null | cut -f1 || echo 0)
  free_mib=$(df --output=avail -B1M "$BACKUP_DIR" | tail -n 1)
  need=$((state_mib - ${copy_mib:-0} + BACKUP_MARGIN_MIB))
  [[ $free_mib -ge $need ]] || die "a backup needs $need MiB, and ${free_mib// /} MiB are free for $BACKUP_DIR" \
    'make room there, or choose a plan with a larger disk'
}

# keep_snapshot REASON AT MANIFEST: into the repository, which is made at the first time. Prints what it is.
keep_snapshot() {
  local said id sequence
  # The order of one machine's backups, whatever becomes of its clock.
  sequence=$(($(jq -r '.sequence | numbers' "$LAST_BACKUP" 2>/dev/null || echo 0) + 1))
  local -a words=(backup --json --host "$PUBLIC_NAME" --time "$(date -u -d "@$2" '+%F %T')"
    --tag "backup,reason=$1,release=$RELEASE,image=$(image_digest),generation=$GENERATION,sequence=$sequence"
    --tag "digest=$(manifest_digest "$3"),files=$(jq .files <<<"$3"),bytes=$(jq .bytes <<<"$3")")
  cd "$BACKUP_DIR/copy" || return 1
  if ! said=$(GOMAXPROCS=1 repository_try "${words[@]}" "${MEMBERS[@]}"); then
    is_uninitialised || die_repository 'the backup could not be kept'
    repository_do init >/dev/null || die_repository 'the repository could not be made'
    said=$(repository_try "${words[@]}" "${MEMBERS[@]}") || die_repository 'the backup could not be kept'
  fi
  id=$(jq -re 'select(.message_type == "summary") | .snapshot_id[0:8]' <<<"$said")
  jq -cn --arg id "$id" --argjson at "$2" --arg reason "$1" --arg release "$RELEASE" --argjson generation "$GENERATION" \
    --argjson sequence "$sequence" --argjson manifest "$3" '{$id, $at, $reason, $release, $generation, $sequence} + $manifest'
}

last_backup_at() {
  jq -r '.at | numbers' "$LAST_BACKUP" 2>/dev/null
}

# Up to when everything that was written is in a backup.
saved_at() {
  stat -c %Y "$SAVED" 2>/dev/null
}

# restore ID: fetched from the repository and checked beside the state before it replaces it.
verb_restore() {
  local id=${1:-} archive wanted found
  require_role candidate
  require_stopped
  require_repository
  [[ $id =~ ^[0-9a-f]{8,64}$ ]] || die "'$id' is no snapshot" 'anny-bluegreen backup list names them'
  fresh_beside
  archive=$NEXT.archive
  rm -rf "$archive"
  install -d -m 700 "$archive"
  # shellcheck disable=SC2064
  trap "rm -rf '$archive' '$NEXT'; end_answer" EXIT
  fetch_snapshot "$id" "$archive"
  is_archive "$archive" || die "snapshot $id is no backup of anny-box, or not all of it" \
    'the state here is as it was; take another: anny-bluegreen backup list'
  fill_with_holes "$archive"
  # While it is compared.
  sync -f "$archive" 3>&- 9>&- &
  wanted=$(jq -r .digest "$archive/manifest.json")
  found=$(manifest "$archive/state")
  [[ $(manifest_digest "$found") == "$wanted" ]] ||
    die "snapshot $id does not hold what was put into it" 'the state here is as it was; take another: anny-bluegreen backup list'
  wait
  # From here what was pulled before is no longer there.
  if [[ -n $TAKEOVER_FROM ]]; then forget_takeover; fi
  rm -rf "$NEXT" "$RUN/beside"
  mv -T "$archive/state" "$NEXT"
  swap_state
  [[ ! -s $archive/history.jsonl ]] || adopt_history "$archive/history.jsonl"
  save_role
  remember restored
  adopt_certificate "$archive/letsencrypt"
  note "state is $found"
  answer_json "$found"
}

# A lock that a dead machine has left keeps nobody from its data, nor does what once came wrong and was cached.
fetch_snapshot() {
  if repository_do --no-cache restore "$1" --target "$2" >/dev/null; then return; fi
  if is_locked && repository_do --no-cache --no-lock restore "$1" --target "$2" >/dev/null; then return; fi
  die_repository "snapshot $1 could not be fetched"
}

fill_with_holes() {
  local name
  [[ -f $1/sparse && ! -L $1/sparse ]] || return 0
  while read -rd '' name; do
    [[ -f $1/state/$name && ! -L $1/state/$name ]] || continue
    touch -r "$1/state/$name" "$WORK/time"
    fallocate --dig-holes "$1/state/$name" || true
    touch -r "$WORK/time" "$1/state/$name"
  done <"$1/sparse"
}

# is_archive DIRECTORY: its parts are what they should be, not links to something else on this machine.
is_archive() {
  local part
  for part in state letsencrypt; do [[ -d $1/$part && ! -L $1/$part ]] || return 1; done
  [[ ! -e $1/history.jsonl || (-f $1/history.jsonl && ! -L $1/history.jsonl) ]] || return 1
  [[ -s $1/manifest.json && -f $1/manifest.json && ! -L $1/manifest.json ]]
}
