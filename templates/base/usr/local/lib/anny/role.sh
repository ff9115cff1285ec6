# shellcheck shell=bash
# The role file is the single truth about what this machine is; it survives reboots. Changing it is one atomic write.

readonly ROLE_FILE=$LIB/role.json
readonly HISTORY=$LIB/history.jsonl
readonly HISTORY_LIMIT=500

# What save_role writes, without its white space. Read by the shell itself: requests wait while verbs of a handover start,
# and jq alone takes longer to start than all the rest of them.
readonly ROLE_FORM='^\{"role":"([a-z]+)","release":"([a-z0-9-]*)","slot":"([a-z]*)","since":([0-9]+),"generation":([0-9]+),"relayTo":"([0-9.]*)","takeover":\{"from":"([0-9.]*)","at":([0-9]+),"digest":"([0-9a-f]*)"\},"wrote":([0-9]+)\}$'

load_role() {
  local text
  if [[ ! -e $ROLE_FILE ]]; then
    ROLE=none RELEASE='' SLOT='' SINCE=0 GENERATION=$(history_generation) RELAY_TO='' TAKEOVER_FROM='' TAKEOVER_AT=0
    TAKEOVER_DIGEST='' WROTE=0
    return
  fi
  text=$(cat "$ROLE_FILE" || true)
  [[ ${text//[[:space:]]/} =~ $ROLE_FORM ]] || die "$ROLE_FILE cannot be read: the disk is damaged" \
    'anny-bluegreen restore brings the newest backup up on a fresh machine'
  ROLE=${BASH_REMATCH[1]} RELEASE=${BASH_REMATCH[2]} SLOT=${BASH_REMATCH[3]} SINCE=${BASH_REMATCH[4]}
  GENERATION=${BASH_REMATCH[5]} RELAY_TO=${BASH_REMATCH[6]} TAKEOVER_FROM=${BASH_REMATCH[7]}
  TAKEOVER_AT=${BASH_REMATCH[8]} TAKEOVER_DIGEST=${BASH_REMATCH[9]} WROTE=${BASH_REMATCH[10]}
}

# save_role: writes the variables of load_role. Returns 1 with the old file in place when it cannot.
save_role() {
  local text
  printf -v text '{"role": "%s", "release": "%s", "slot": "%s", "since": %s, "generation": %s, "relayTo": "%s", "takeover": {"from": "%s", "at": %s, "digest": "%s"}, "wrote": %s}' \
    "$ROLE" "$RELEASE" "$SLOT" "$SINCE" "$GENERATION" "$RELAY_TO" "$TAKEOVER_FROM" "$TAKEOVER_AT" "$TAKEOVER_DIGEST" "$WROTE"
  # What could not be read again must not be written.
  [[ ${text//[[:space:]]/} =~ $ROLE_FORM ]] || return 1
  write_file "$ROLE_FILE" 644 <<<"$text"
}

# become ROLE: changes the role for good, or fails with the old one untouched.
become() {
  local before=$ROLE
  # A relay that is pointed at another machine is no fresher for it.
  [[ $before == "$1" ]] || SINCE=$(date +%s)
  ROLE=$1
  save_role || {
    # Whatever the disk holds now is what counts.
    load_role
    die "the role file could not be written; this machine is still a $ROLE" \
      "$(full_disk_hint)then run the same command again"
  }
  note "$before -> $1"
}

require_role() {
  [[ " $* " == *" $ROLE "* ]] || die "this machine is a $ROLE; $VERB is for: $*" \
    'anny-bluegreen status says what each machine is'
}

# The newest generation that the state has seen.
history_generation() {
  history_entries "$HISTORY" | jq -s 'map(.generation) | max // 0'
}

# A line that is no entry (the disk, an older version) must keep no machine from serving.
history_entries() {
  local file
  for file in "$@"; do
    [[ ! -s $file ]] || jq -Rc 'fromjson? | objects | select((.generation | type) == "number")' "$file"
  done
}

# remember EVENT: one line in the history that travels with the state; the same event is not written twice.
remember() {
  local entry
  entry=$(jq -cn --argjson at "$(date +%s)" --arg event "$1" --arg release "$RELEASE" --arg slot "$SLOT" \
    --arg image "$(image_digest)" --argjson generation "$GENERATION" --arg address "$(own_address)" \
    '{$at, $event, $release, $slot, $image, $generation, $address}') || return 1
  printf '%s\n' "$entry" >"$WORK/entry"
  merge_history "$WORK/entry"
}

# merge_history FILE: its entries join those that this machine remembers.
merge_history() {
  history_entries "$HISTORY" "$1" | jq -cs --argjson limit "$HISTORY_LIMIT" \
    'group_by([.generation, .event, .release]) | map(min_by(.at)) | sort_by(.generation, .at) | .[-$limit:][]' \
    >"$WORK/merged" || return 1
  write_file "$HISTORY" 644 <"$WORK/merged"
}

# adopt_history FILE: what came with a state, merged with what this machine remembers.
adopt_history() {
  merge_history "$1"
  GENERATION=$(history_generation)
}

own_address() {
  local said
  said=$(ip -4 route get 192.0.2.1 2>/dev/null || true)
  if [[ $said =~ \ src\ ([0-9.]+) ]]; then printf '%s' "${BASH_REMATCH[1]}"; fi
}

image_digest() {
  jq -r '.digest // ""' /etc/anny/image.json 2>/dev/null || true
}

# What the name's lookup compares: never the same on two machines, gone from an image with its machine id.
machine_id() {
  printf 'anny %s' "$(cat /etc/machine-id)" | sha256sum | cut -c1-32
}
