# shellcheck shell=bash
# What makes a candidate out of a fresh machine, and a writer out of a candidate.

verb_prepare() {
  local release=${1:-} slot=${2:-}
  require_role none candidate
  [[ $release =~ ^[a-z0-9-]{1,63}$ && $slot =~ ^(blue|green)$ ]] ||
    die "'$release' in '$slot' is no release" 'anny-box prepare blue-20260131-120000 blue'
  if [[ $ROLE != candidate || $RELEASE != "$release" || $SLOT != "$slot" ]]; then
    RELEASE=$release SLOT=$slot
    become candidate
  fi
  apply_role
  ensure_volume
  answer_done
}

# {path: content} on stdin replaces the whole set. Nothing of it is ever logged.
verb_secrets() {
  local directory=$WORK/secrets path
  require_role candidate writer relay
  cat >"$WORK/secrets.json"
  jq -e 'type == "object" and all(.[]; type == "string")
         and all(keys[]; test("^(\\.env|ca\\.crt|alert-webhook|secrets/[A-Za-z0-9_-][A-Za-z0-9._-]*)$"))' \
    "$WORK/secrets.json" >/dev/null 2>&1 ||
    die 'the secrets are no object of texts by path' 'allowed: .env, ca.crt, alert-webhook, secrets/NAME'
  install -d -m 700 "$directory/secrets"
  while read -r path; do
    jq -rj --arg path "$path" '.[$path]' "$WORK/secrets.json" >"$directory/$path"
  done < <(jq -r 'keys[]' "$WORK/secrets.json")
  touch "$REMAKE"
  put_secrets "$directory"
  use_certificate
  answer_done
}

# Readable to the app's user alone.
put_secrets() {
  local name file
  install -d -m 700 -o "$APP_UID" -g "$APP_UID" "$OPT/secrets"
  for file in "$1"/secrets/*; do
    [[ -e $file ]] || continue
    write_file "$OPT/secrets/${file##*/}" 400 <"$file"
    chown "$APP_UID:$APP_UID" "$OPT/secrets/${file##*/}"
  done
  for file in "$OPT"/secrets/*; do [[ -e $1/secrets/${file##*/} ]] || rm -f "$file"; done
  for name in .env ca.crt alert-webhook; do
    if [[ -e $1/$name ]]; then write_file "$OPT/$name" 600 <"$1/$name"; else rm -f "$OPT/$name"; fi
  done
}

verb_start() {
  local seconds=${1:-}
  require_role candidate
  require_number "$seconds" 1 3600 'the seconds to wait for the app'
  ensure_volume
  # The app writes from now on: this is no longer what was pulled.
  [[ -z $PULLED_FROM ]] || forget_takeover
  make_container
  start_app
  wait_healthy "$seconds" || die_unhealthy "$seconds"
  answer_health
}

verb_stop() {
  require_role none candidate relay
  stop_app
  flag_off takeover pass
  if [[ -n $PULLED_FROM$TAKEOVER_FROM ]]; then forget_takeover; fi
  answer_done
}

verb_pass() {
  require_role candidate relay
  [[ ${1:-} =~ ^[0-9a-f]{32}$ ]] || die 'a pass is 32 hex digits' 'make a random one'
  install -d -m 711 "$RUN/pass"
  touch "$RUN/pass/$1"
  answer_done
}

verb_activate() {
  require_role candidate relay writer
  start_app
  if [[ $ROLE != writer ]]; then
    trust_relays
    GENERATION=$(($(highest "$GENERATION" "$(history_generation)") + 1))
    RELAY_TO='' PULLED_FROM='' TAKEOVER_FROM='' TAKEOVER_AT=0
    become writer
  fi
  held || apply_role
  remember activated
  answer_done
}

highest() {
  if [[ $1 -gt $2 ]]; then echo "$1"; else echo "$2"; fi
}

# The flags go first and whatever happens to the file: a machine that is told to stop serving stops.
verb_fence() {
  local from=$ROLE
  rm -f "$RUN"/mode/*
  flag_off takeover pass
  TAKEOVER_FROM='' TAKEOVER_AT=0 PULLED_FROM=''
  [[ $ROLE == fenced ]] || become fenced
  apply_role
  stop_app
  note "was $from"
  answer_done
}
