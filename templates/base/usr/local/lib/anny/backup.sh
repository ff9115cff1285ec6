# shellcheck shell=bash
# An archive is a tar of state/, letsencrypt/, history.jsonl and manifest.json, encrypted to keys whose other half this
# machine never had.

readonly FREEZE_SECONDS=20
readonly BACKUP_MARGIN_MIB=64

verb_backup() {
  local at path copy bytes digest recipient
  local -a recipients=() members=(state letsencrypt)
  require_role writer relay
  held && die 'a handover is under way' 'run the same command again when it is over'
  [[ -n $BACKUP_RECIPIENTS ]] || die 'there is nobody to encrypt to: backup.recipients is empty' \
    'age-keygen makes a key; put its public half into config.yaml, bake and promote'
  for recipient in $BACKUP_RECIPIENTS; do recipients+=(-r "$recipient"); done
  at=$(date +%s)
  path=$BACKUP_DIR/$APP_NAME-$(date -u -d "@$at" +%Y%m%d-%H%M%S).tar.age
  install -d -m 700 "$BACKUP_DIR"
  copy=$BACKUP_DIR/.copy
  # By a backup that was killed.
  unfreeze_app
  forget_old_backups
  require_room
  trap 'rm -rf "$BACKUP_DIR/.copy" "$BACKUP_DIR"/.*.partial; end_answer' EXIT
  copy_at_one_moment "$copy"
  if [[ -e $copy/history.jsonl ]]; then members+=(history.jsonl); fi
  # The manifest is the last: where it has come, all has.
  tar -C "$copy" --numeric-owner --acls --xattrs --sparse -cf - "${members[@]}" manifest.json |
    age "${recipients[@]}" -o "$BACKUP_DIR/.${path##*/}.partial"
  chmod 600 "$BACKUP_DIR/.${path##*/}.partial"
  sync "$BACKUP_DIR/.${path##*/}.partial"
  mv -f "$BACKUP_DIR/.${path##*/}.partial" "$path"
  sync "$BACKUP_DIR"
  bytes=$(stat -c %s "$path")
  digest=$(sha256sum "$path" | cut -c1-64)
  note "$path, $bytes bytes"
  answer_json "$(jq -cn --arg path "$path" --argjson bytes "$bytes" --arg sha256 "$digest" --argjson at "$at" \
    '{$path, $bytes, $sha256, $at}')"
}

# copy_at_one_moment DIRECTORY: most is copied while the app runs; it is frozen only for the difference.
copy_at_one_moment() {
  rm -rf "$1"
  install -d -m 700 "$1/letsencrypt"
  copy_state "$1/state" || true
  if app_running; then
    # Should this process be killed now, the app must not stay frozen.
    systemd-run --quiet --collect --unit="anny-unfreeze-$(uptime_ms)" --on-active="$FREEZE_SECONDS" \
      docker unpause "$CONTAINER"
    docker pause "$CONTAINER"
    copy_state "$1/state" || { docker unpause "$CONTAINER"; die 'the state could not be copied' "$(full_disk_hint)run the same command again"; }
    docker unpause "$CONTAINER" || die 'the app was frozen for longer than the backup may take' 'run the same command again'
    systemctl stop 'anny-unfreeze-*.timer'
  else
    copy_state "$1/state"
  fi
  cp -a "$LETSENCRYPT/." "$1/letsencrypt/"
  if [[ -s $HISTORY ]]; then cp -a "$HISTORY" "$1/history.jsonl"; fi
  manifest "$1/state" >"$1/manifest.json"
}

copy_state() {
  rsync -aHAXS --numeric-ids --delete --modify-window=-1 "$STATE/" "$1/"
}

# The newest stays, however old.
forget_old_backups() {
  local newest
  newest=$(find "$BACKUP_DIR" -maxdepth 1 -name "$APP_NAME-*.tar.age" -printf '%f\n' | sort | tail -n 1)
  find "$BACKUP_DIR" -maxdepth 1 -name "$APP_NAME-*.tar.age" ! -name "$newest" -mtime "+$((BACKUP_RETENTION_DAYS - 1))" -delete
}

# A backup that filled the disk would stop the app that it is for. It needs a copy and an archive.
require_room() {
  local state_mib free_mib
  state_mib=$(du -sm "$STATE" | cut -f1)
  free_mib=$(df --output=avail -B1M "$BACKUP_DIR" | tail -n 1)
  [[ $free_mib -ge $((2 * state_mib + BACKUP_MARGIN_MIB)) ]] ||
    die "a backup needs $((2 * state_mib + BACKUP_MARGIN_MIB)) MiB, and ${free_mib// /} MiB are free for $BACKUP_DIR" \
      'make room there, or choose a plan with a larger disk'
}

verb_fetch_backup() {
  local path=${1:-}
  [[ ${path%/*} == "$BACKUP_DIR" && ${path##*/} == "$APP_NAME"-[0-9]*.tar.age && -f $path ]] ||
    die "'$path' is no archive of this machine" 'anny-box backup names one'
  cat "$path" >&3
}

last_backup_at() {
  find "$BACKUP_DIR" -maxdepth 1 -name "$APP_NAME-*.tar.age" -printf '%Ts\n' 2>/dev/null | sort -n | tail -n 1
}

# The archive, decrypted by the operator, comes on stdin. It is unpacked and checked beside the state before it replaces it.
verb_restore() {
  local archive wanted found
  require_role candidate
  require_stopped
  fresh_beside
  archive=$NEXT.archive
  install -d -m 700 "$archive"
  # shellcheck disable=SC2064
  trap "rm -rf '$archive' '$NEXT'; end_answer" EXIT
  tar -C "$archive" --numeric-owner --acls --xattrs -xpf - ||
    die "the archive could not be unpacked: $(tail -n 1 "$WORK/output" | cut -c1-200)" \
      "$(full_disk_hint)the state here is as it was; fetch the archive again, or take an older one"
  is_archive "$archive" || die 'this is no archive of anny-box backup, or not all of it' \
    'the state here is as it was; fetch the archive again, or take an older one'
  wanted=$(jq -r .digest "$archive/manifest.json")
  found=$(manifest "$archive/state")
  [[ $(manifest_digest "$found") == "$wanted" ]] ||
    die 'the archive does not hold what was put into it' 'the state here is as it was; take an older archive'
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

# is_archive DIRECTORY: its parts are what they should be, not links to something else on this machine.
is_archive() {
  local part
  for part in state letsencrypt; do [[ -d $1/$part && ! -L $1/$part ]] || return 1; done
  [[ ! -e $1/history.jsonl || (-f $1/history.jsonl && ! -L $1/history.jsonl) ]] || return 1
  [[ -s $1/manifest.json && -f $1/manifest.json && ! -L $1/manifest.json ]]
}
