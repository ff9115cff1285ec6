# shellcheck shell=bash
# The role file is the single truth about what this machine is; it survives reboots. Changing it is one atomic write.

readonly ROLE_FILE=$LIB/role.json
readonly HISTORY=$LIB/history.jsonl
readonly HISTORY_LIMIT=500

load_role() {
  local fields
  if [[ ! -e $ROLE_FILE ]]; then
    ROLE=none RELEASE='' SLOT='' SINCE=0 GENERATION=$(history_generation) RELAY_TO='' PULLED_FROM='' TAKEOVER_FROM=''
    TAKEOVER_AT=0
    return
  fi
  fields=$(jq -er '.role, .release, .slot, .since, .generation, .relayTo, .pulledFrom, .takeover.from, .takeover.at' \
    "$ROLE_FILE") || die "$ROLE_FILE cannot be read: the disk is damaged" \
    'anny-bluegreen restore brings the newest backup up on a fresh machine'
  { read -r ROLE && read -r RELEASE && read -r SLOT && read -r SINCE && read -r GENERATION && read -r RELAY_TO &&
    read -r PULLED_FROM && read -r TAKEOVER_FROM && read -r TAKEOVER_AT; } <<<"$fields"
}

# save_role: writes the variables of load_role. Returns 1 with the old file in place when it cannot.
save_role() {
  local text
  text=$(jq -n --arg role "$ROLE" --arg release "$RELEASE" --arg slot "$SLOT" --argjson since "$SINCE" \
    --argjson generation "$GENERATION" --arg relayTo "$RELAY_TO" --arg pulledFrom "$PULLED_FROM" \
    --arg from "$TAKEOVER_FROM" --argjson at "$TAKEOVER_AT" \
    '{$role, $release, $slot, $since, $generation, $relayTo, $pulledFrom, takeover: {$from, $at}}') || return 1
  printf '%s\n' "$text" | write_file "$ROLE_FILE" 644
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
  ip -4 -j route get 192.0.2.1 2>/dev/null | jq -r '.[0].prefsrc // empty' || true
}

image_digest() {
  jq -r '.digest // ""' /etc/anny/image.json 2>/dev/null || true
}

# What the name's lookup compares: never the same on two machines, gone from an image with its machine id.
machine_id() {
  printf 'anny %s' "$(cat /etc/machine-id)" | sha256sum | cut -c1-32
}
