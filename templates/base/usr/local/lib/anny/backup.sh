# shellcheck shell=bash
# Backups: a tar of state, certificate and history, encrypted to the operator's public keys before it touches the disk.

readonly STAGING=$VAR/staging
readonly INCOMING=$VAR/incoming

verb_backup() {
  require_role backup writer
  [ -n "$BACKUP_RECIPIENTS" ] || fail "no recipient is configured (backup.recipients), and nothing is kept unencrypted" \
    "put an age public key into config.yaml, bake and promote"
  local at file
  mkdir -p "$BACKUP_DIR" && chmod 700 "$BACKUP_DIR"
  stage_state
  at=$(now)
  file=$BACKUP_DIR/$(date -u -d "@$at" +%Y%m%d-%H%M%S).tar.age
  manifest_of "$STAGING/state" >"$STAGING/manifest.json"
  if ! encrypt_staging "$file.partial"; then
    rm -rf "$file.partial" "$STAGING"
    fail "the archive could not be written" "look at the space on the disk: df -h $BACKUP_DIR"
  fi
  rm -rf "$STAGING"
  sync "$file.partial"
  mv -f "$file.partial" "$file"
  sync "$BACKUP_DIR"
  find "$BACKUP_DIR" -name '*.tar.age' -mtime "+$BACKUP_RETENTION_DAYS" -delete
  jq -cn --arg path "$file" --argjson bytes "$(stat -c %s "$file")" --arg sha256 "$(sha256sum "$file" | cut -d' ' -f1)" \
    --argjson at "$at" '{path: $path, bytes: $bytes, sha256: $sha256, at: $at}'
}

# A copy of one moment: most of it while the app runs, the rest while it is frozen for some milliseconds.
stage_state() {
  ensure_state
  rm -rf "$STAGING"
  mkdir -p "$STAGING"/{state,certificate,history}
  chmod 700 "$STAGING"
  local copied=true
  rsync -aHAX --numeric-ids "$STATE/" "$STAGING/state/" 2>/dev/null || true
  if app_runs; then docker pause "$APP_NAME" >/dev/null 2>&1 || true; fi
  rsync -aHAX --numeric-ids --delete "$STATE/" "$STAGING/state/" || copied=false
  docker unpause "$APP_NAME" >/dev/null 2>&1 || true
  rsync -aHAX "$CERTIFICATES/" "$STAGING/certificate/" || copied=false
  rsync -a "$CARRIED/" "$STAGING/history/" || copied=false
  $copied && return
  rm -rf "$STAGING"
  fail "the state could not be copied" "look at the space on the disk: df -h"
}

encrypt_staging() {
  local recipient arguments=()
  for recipient in $BACKUP_RECIPIENTS; do arguments+=(-r "$recipient"); done
  # The manifest comes last: an archive that was cut off has none.
  tar -C "$STAGING" -c --numeric-owner state certificate history manifest.json | age "${arguments[@]}" -o "$1"
}

verb_fetch_backup() {
  need path "${1:-}" "$BACKUP_DIR/[0-9]{8}-[0-9]{6}\.tar\.age"
  exec cat "$1"
}

# stdin: the decrypted tar. All of it arrives and is checked before anything here is replaced.
verb_restore() {
  require_role restore candidate
  app_runs && fail "the app runs" "stop first"
  ensure_state
  rm -rf "$INCOMING"
  mkdir -p "$INCOMING" && chmod 700 "$INCOMING"
  if ! tar -C "$INCOMING" -x --numeric-owner --same-owner >"$RUN/restore.log" 2>&1; then
    rm -rf "$INCOMING"
    fail "the archive is not whole: $(tail -n 1 "$RUN/restore.log")" "restore another backup; nothing was changed"
  fi
  check_incoming
  rsync -aHAX --numeric-ids --delete --fsync "$INCOMING/state/" "$STATE/"
  rsync -aHAX --delete --fsync "$INCOMING/certificate/" "$CERTIFICATES/"
  rsync -a --fsync "$INCOMING/history/" "$CARRIED/"
  rm -rf "$INCOMING"
  record_event restored
  use_certificate
  state_manifest
}

check_incoming() {
  local want have
  want=$(jq -r .digest "$INCOMING/manifest.json" 2>/dev/null || true)
  have=$(manifest_of "$INCOMING/state" 2>/dev/null | jq -r .digest || true)
  [ -n "$want" ] && [ "$want" = "$have" ] && return
  rm -rf "$INCOMING"
  fail "the archive's data is not what its manifest says" "restore another backup; nothing was changed"
}
