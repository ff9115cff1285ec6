# shellcheck shell=bash
# The state: everything in the app's volume. It is replaced whole or not at all: a new one is built beside it and then takes its
# place. On a candidate unchanged files are hard links; on a relay the two share nothing (begin_apart).

readonly INCOMING=incoming
readonly OUTGOING=outgoing
# What a relay has pulled ahead, and begins a takeover with. Its own state is the one that it handed over until a takeover has succeeded: what is copied while an
# app writes is not whole.
readonly AHEAD=ahead
# What the state was before a takeover of which nobody knows yet whether it succeeds.
readonly BEFORE=before

# manifest DIRECTORY: {digest, files, bytes}; the digest covers path, kind, mode, size, link target and content. Sockets
# do not count: they hold nothing, belong to a process, and no archive keeps them.
manifest() {
  local digest files bytes
  digest=$(digest_of "$1")
  read -r files bytes < <(find "$1" -type f -printf '%s\n' | awk '{ n += 1; b += $1 } END { printf "%d %.0f\n", n, b }')
  printf '{"digest":"%s","files":%d,"bytes":%s}' "$digest" "$files" "$bytes"
}

# manifest_digest MANIFEST
manifest_digest() {
  [[ $1 =~ ^\{\"digest\":\"([0-9a-f]{64})\" ]] && printf '%s' "${BASH_REMATCH[1]}"
}

digest_of() {
  (
    cd "$1" || exit 1
    # Byte by byte, whatever the machine's idea of an alphabet.
    export LC_ALL=C
    find . -mindepth 1 ! -type s \( -type f -printf 'f %m %s %P\0' -o -printf '%y %m %l %P\0' \) | sort -z
    find . -type f -print0 | sort -z | checksums
  ) | sha256sum | cut -c1-64
}

# "SUM *NAME" of each name on stdin, ended by zeros, as sha256sum says it; openssl needs a third of the time, but has other words for
# names with a line's end or a backslash.
checksums() {
  if [[ -n $(find . \( -path $'*\n*' -o -path '*\\*' \) -print -quit) ]]; then
    xargs -0 -r sha256sum -b -z --
  else
    xargs -0 -r openssl dgst -sha256 -r | tr '\n' '\0'
  fi
}

# beside_digest HISTORY CERTIFICATES: what travels beside the state, in one checksum.
beside_digest() {
  { cat "$1" 2>/dev/null || true; digest_of "$2"; } | sha256sum | cut -c1-64
}

# fresh_beside: an empty directory on the state's own disk, for the next state. Sets NEXT.
fresh_beside() {
  ensure_volume
  NEXT=${STATE%/*}/$INCOMING
  install -d -m 700 "$NEXT"
}

# begin_apart: NEXT begins as what was pulled ahead, or as a copy of the state. An app may change a file in place, and must not change
# what this machine keeps, should it be unhealthy: no file of NEXT is one of the state's. Where the file system can, copies share blocks.
begin_apart() {
  local ahead=${STATE%/*}/$AHEAD
  if [[ -d $ahead ]]; then
    mv -T "$ahead" "$NEXT"
    return
  fi
  require_state_room "$(du -sk "$STATE" | cut -f1)" 'a copy of the state, beside the one that this machine keeps'
  cp -aT --reflink=auto "$STATE" "$NEXT" ||
    die "the state could not be copied: $(tail -n 1 "$WORK/output" | cut -c1-200)" \
      "$(full_disk_hint)the state here is as it was; run the same command again"
}

# swap_state: what stands in NEXT becomes the state. Two renames; repair_state mends a power cut between them.
swap_state() {
  sync -f "$NEXT"
  exchange_state "$OUTGOING"
  sync -f "$STATE"
  forget_outgoing
}

# exchange_state NAME: what the state was is kept under that name.
exchange_state() {
  mv -T "$STATE" "${STATE%/*}/$1"
  mv -T "$NEXT" "$STATE"
}

forget_outgoing() {
  local volume=${STATE%/*}
  rm -rf "${volume:?}/$OUTGOING"
}

# keep_ahead: what stands in NEXT waits for the takeover.
keep_ahead() {
  sync -f "$NEXT"
  forget_ahead
  mv -T "$NEXT" "${STATE%/*}/$AHEAD"
}

forget_ahead() {
  local volume=${STATE%/*}
  rm -rf "${volume:?}/$AHEAD"
}

# put_back_state: the takeover has failed.
put_back_state() {
  local volume=${STATE%/*}
  rm -rf "${volume:?}/$INCOMING"
  [[ ! -d $STATE ]] || mv -T "$STATE" "$volume/$INCOMING"
  mv -T "$volume/$BEFORE" "$STATE"
  rm -rf "${volume:?}/$INCOMING"
}

# pass_state: it has succeeded, for good; what the state was before goes later.
pass_state() {
  [[ ! -e ${STATE%/*}/$OUTGOING ]] || forget_outgoing
  mv -T "${STATE%/*}/$BEFORE" "${STATE%/*}/$OUTGOING"
}

# Before any other verb: a takeover that was cut off before it was written down is none.
settle_takeover() {
  [[ -e ${STATE%/*}/$BEFORE ]] || return 0
  if [[ -d $STATE && (-n $TAKEOVER_FROM || ! $ROLE =~ ^(candidate|relay|fenced)$) ]]; then
    pass_state
    return
  fi
  note 'a takeover was cut off: the state is again what it was before'
  if app_running; then stop_app; fi
  put_back_state
}

repair_state() {
  local volume old
  volume=${STATE%/*}
  old=$volume/$OUTGOING
  # What was half copied when the power went.
  if [[ -e $volume/$INCOMING || -e $volume/$INCOMING.archive ]]; then
    rm -rf "${volume:?}/$INCOMING" "${volume:?}/$INCOMING.archive"
  fi
  if [[ ! -d $STATE && -d $old ]]; then
    note 'a replacement of the state was cut off: the old one stays'
    mv -T "$old" "$STATE"
  fi
  if [[ -e $old ]]; then rm -rf "$old"; fi
}
