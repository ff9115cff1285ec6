# shellcheck shell=bash
# The role file: one atomic write, on disk before anything follows from it.

readonly ROLE_FILE=$VAR/role.json
readonly NO_ROLE='{"role":"none","release":"","slot":"","since":0,"generation":0,"relayTo":"","takeover":{"from":"","at":0}}'

role_json() {
  if [ -s "$ROLE_FILE" ]; then cat "$ROLE_FILE"; else echo "$NO_ROLE"; fi
}

role_get() {
  role_json | jq -r "$1"
}

role() {
  role_get .role
}

# write_durably FILE MODE: stdin becomes the file, whole or not at all.
write_durably() {
  local file=$1 mode=$2 new
  new=$(mktemp "$file.XXXXXX" 2>/dev/null) || fail "$file could not be written" "look at the space on the disk: df -h"
  if ! { cat >"$new" && chmod "$mode" "$new" && sync "$new"; } 2>/dev/null; then
    rm -f "$new"
    fail "$file could not be written" "look at the space on the disk: df -h"
  fi
  mv -f "$new" "$file"
  sync "$(dirname "$file")"
}

# change_role JQ_PROGRAM [jq arguments]: the new role file is the old one through the program.
change_role() {
  local program=$1 changed
  shift
  changed=$(role_json | jq -c "$@" "$program")
  write_durably "$ROLE_FILE" 600 <<<"$changed"
}

require_role() {
  local verb=$1 have allowed
  shift
  have=$(role)
  for allowed in "$@"; do [ "$have" = "$allowed" ] && return; done
  fail "$verb is not for a machine that is $have (it is for: $*)" "anny-bluegreen status says what each machine is"
}

# The history travels with the state, and with it the generation: one more with every change of the writer.
readonly CARRIED=$VAR/carried
readonly HISTORY=$CARRIED/history.jsonl

last_generation() {
  [ -s "$HISTORY" ] || { echo 0; return; }
  jq -Rn '[inputs | fromjson? | .generation] | max // 0' <"$HISTORY"
}

record_event() {
  mkdir -p "$CARRIED"
  role_json | jq -c --arg event "$1" --argjson at "$(now)" --arg address "$(own_address)" --arg image "$(image_get .digest)" \
    '{at: $at, event: $event, release, slot, image: $image, generation, address: $address}' >>"$HISTORY"
  sync "$HISTORY"
}

own_address() {
  ip -4 -o route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p'
}

image_get() {
  if [ -s /etc/anny/image.json ]; then jq -r "$1" /etc/anny/image.json; else echo ""; fi
}

verb_prepare() {
  need release "${1:-}" '[a-z0-9-]{1,63}'
  need slot "${2:-}" '(blue|green)'
  require_role prepare none candidate
  ensure_id
  change_role '.role = "candidate" | .release = $release | .slot = $slot | .since = $at | .takeover = {from: "", at: 0}' \
    --arg release "$1" --arg slot "$2" --argjson at "$(now)"
  apply_role
  ok
}

verb_fence() {
  stop_app
  change_role '.role = "fenced" | .since = $at | .relayTo = "" | .takeover = {from: "", at: 0}' --argjson at "$(now)"
  apply_role
  ok
}

verb_history() {
  [ -e "$HISTORY" ] || { echo '{"entries":[]}'; return; }
  jq -cRn '{entries: [inputs | fromjson?]}' <"$HISTORY"
}
