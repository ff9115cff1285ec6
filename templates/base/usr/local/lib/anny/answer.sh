# shellcheck shell=bash
# How a verb answers. The answer goes to the caller's stdout (kept as 3); everything that programs print goes to a file
# whose last lines explain an unexpected failure.

readonly RUN=/run/anny
readonly LIB=/var/lib/anny
LOCK_WAIT_SECONDS=30

begin_answer() {
  VERB=$1
  mkdir -p "$RUN"
  WORK=$(mktemp -d "$RUN/verb.XXXXXX")
  trap end_answer EXIT
  trap 'failed_unexpectedly "$LINENO" "$BASH_COMMAND"' ERR
  exec 3>&1 1>"$WORK/output" 2>&1
}

end_answer() {
  rm -rf "$WORK"
}

# answer_json OBJECT: nothing more is said once a failure has been told, and an empty answer is one.
answer_json() {
  [[ ! -e $WORK/answered ]] || exit 1
  [[ -n $1 ]] || failed_unexpectedly "$LINENO" 'an empty answer'
  printf '%s\n' "$1" >&3
}

# json_text TEXT: as jq would write it, without the time that jq takes to start.
json_text() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\t'/\\t}
  text=${text//$'\r'/\\r}
  # What else is no character to be shown.
  printf '"%s"' "${text//[[:cntrl:]]/}"
}

answer_done() {
  note 'done'
  answer_json '{}'
}

# die ERROR NEXT [OBJECT]: an expected failure, in words for an operator at night; OBJECT says more to programs.
die() {
  trap - ERR
  if [[ ! -e $WORK/answered ]]; then
    : >"$WORK/answered" || true
    note "refused: $1"
    jq -cn --arg error "$1" --arg next "$2" --argjson more "${3:-null}" '{$error, $next} + $more' >&3
  fi
  exit 1
}

failed_unexpectedly() {
  local said
  said=$(grep -v '^[[:space:]]*$' "$WORK/output" | tail -n 3 | cut -c1-300 | paste -sd '|' || true)
  die "anny-box $VERB stopped at '${2:0:120}' (line $1): ${said:-nothing was said}" \
    "$(full_disk_hint)anny-bluegreen logs --all shows what the machine wrote; the verb can be run again"
}

# A full disk is behind most failures that no line explains.
full_disk_hint() {
  local free path
  for path in "$LIB" /var/lib/docker; do
    free=$(df --output=avail -B1M "$path" 2>/dev/null | tail -n 1 || true)
    if [[ ${free// /} =~ ^[0-9]+$ && ${free// /} -le 10 ]]; then
      printf 'only %s MiB are free for %s: make room; ' "${free// /}" "$path"
    fi
  done
}

note() {
  logger -t anny-box -- "$VERB: $1" || true
}

# One verb at a time, also against the dead man's timer. Children that outlive the verb must not inherit 9.
take_lock() {
  exec 9>>"$RUN/lock"
  flock -w "$LOCK_WAIT_SECONDS" 9 ||
    die "another verb is still running: $(cat "$RUN/lock-holder" 2>/dev/null || echo unknown)" \
      'wait for it, then run the same command again' '{"busy":true}'
  echo "$1 (process $$)" >"$RUN/lock-holder"
}

# Sets UPTIME_MS, milliseconds since boot: the wall clock may jump.
look_at_uptime() {
  local seconds rest
  read -r seconds rest </proc/uptime
  UPTIME_MS=$((${seconds%.*} * 1000 + 10#${seconds#*.} * 10))
}

uptime_ms() {
  look_at_uptime
  printf '%s' "$UPTIME_MS"
}

# A moment between two looks, without a process for it: nothing ever comes through this pipe.
tick() {
  [[ -n ${TICK:-} ]] || exec {TICK}<> <(:)
  read -rt 0.01 -u "$TICK" || true
}

# write_file PATH MODE [OWNER]: stdin becomes the whole file or nothing, also when the power goes. What makes the content
# must have ended well before: a pipe from a program that fails halfway would leave half a file.
write_file() {
  local temporary
  temporary=$(mktemp "${1%/*}/.new.XXXXXX") || return 1
  # Few programs: requests wait while a role is written.
  if cat >"$temporary" && { [[ -z ${3:-} ]] || chown "$3" "$temporary"; } && chmod "$2" "$temporary" && sync "$temporary" &&
    mv -f "$temporary" "$1"; then
    sync "${1%/*}"
  else
    rm -f "$temporary"
    return 1
  fi
}

require_number() {
  [[ $1 =~ ^[1-9][0-9]{0,4}$ && $1 -ge $2 && $1 -le $3 ]] ||
    die "'$1' is not a number from $2 to $3" "anny-box $VERB takes $4"
}

require_host_key() {
  [[ $1 =~ ^ssh-ed25519\ [A-Za-z0-9+/=]{60,80}$ ]] || die 'this is no ed25519 host key' 'the writer tells its own in status'
}

require_address() {
  [[ $1 =~ ^([0-9]{1,3}\.){3}[0-9]{1,3}$ ]] || die "'$1' is not an IPv4 address" "anny-box $VERB takes one"
}
