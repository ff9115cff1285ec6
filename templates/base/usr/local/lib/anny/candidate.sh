# shellcheck shell=bash
# What makes a candidate out of a fresh machine, and a writer out of a candidate.

verb_prepare() {
  local release=${1:-} slot=${2:-}
  require_role none candidate
  [[ $release =~ ^[a-z0-9][a-z0-9-]{0,62}$ && $slot =~ ^(blue|green)$ ]] ||
    die "'$release' in '$slot' is no release" 'anny-box prepare blue-20260131-120000 blue'
  if [[ $ROLE != candidate || $RELEASE != "$release" || $SLOT != "$slot" ]]; then
    RELEASE=$release SLOT=$slot
    become candidate
  fi
  apply_role
  ensure_volume
  answer_done
}

verb_start() {
  local seconds=${1:-}
  require_role candidate
  require_number "$seconds" 1 3600 'the seconds to wait for the app'
  ensure_volume
  # The app writes from now on: this is no longer what was pulled.
  [[ -z $TAKEOVER_FROM ]] || forget_takeover
  make_container
  start_app
  wait_healthy "$seconds" || die_unhealthy "$seconds"
  answer_health
}

verb_stop() {
  require_role none candidate relay
  stop_app
  flag_off takeover pass
  forget_pull_key
  if [[ -n $TAKEOVER_FROM ]]; then forget_takeover; fi
  answer_done
}

verb_pass() {
  require_role candidate relay
  [[ ${1:-} =~ ^[0-9a-f]{32}$ ]] || die 'a pass is 32 hex digits' 'make a random one'
  install -d -m 711 "$RUN/pass"
  touch "$RUN/pass/$1"
  answer_done
}

# A machine whose state is older than another's is still the later writer: the operator says what it comes after.
verb_activate() {
  require_role candidate relay writer
  require_generation "${1:-0}"
  start_app
  [[ $ROLE == writer ]] || become_writer "${1:-0}"
  held || apply_role
  forget_pull_key
  remember activated
  answer_done
}

# become_writer GENERATION: a later writer than that one, and than all that the state knows of.
become_writer() {
  trust_relays
  GENERATION=$(($(highest "$1" "$(highest "$GENERATION" "$(history_generation)")") + 1))
  RELAY_TO='' TAKEOVER_FROM='' TAKEOVER_AT=0 TAKEOVER_DIGEST='' WROTE=$GENERATION
  become writer
}

# A fenced machine serves again, with the state that it has; or one that was powered off and does not know that another took its
# place. Nothing but the operator's word says that no other machine writes.
verb_unfence() {
  require_role fenced writer
  require_generation "${1:-}"
  [[ ! -e $RUN/mode/writer ]] || die 'this machine serves already' 'anny-bluegreen status says what each machine is'
  start_app
  wait_healthy "$START_SECONDS" || {
    stop_app
    die_unhealthy "$START_SECONDS"
  }
  become_writer "$1"
  apply_role
  remember activated
  answer_done
}

require_generation() {
  [[ $1 =~ ^[0-9]{1,9}$ ]] || die "'$1' is no generation" "anny-box $VERB takes the one that this machine comes after"
}

highest() {
  if [[ $1 -gt $2 ]]; then echo "$1"; else echo "$2"; fi
}

# Whatever happens to the file, a machine that is told to stop serving and writing stops both.
verb_fence() {
  local from=$ROLE kept=yes
  rm -f "$RUN"/mode/*
  flag_off takeover pass
  # One that has succeeded stays; any other is taken back before the next verb.
  if [[ -z $TAKEOVER_FROM ]] || settle_takeover; then TAKEOVER_FROM='' TAKEOVER_AT=0 TAKEOVER_DIGEST=''; fi
  ROLE=fenced
  if [[ $from != fenced ]]; then
    SINCE=$(date +%s)
    save_role || kept=no
  fi
  apply_role
  stop_app
  [[ $kept == yes ]] || die "it serves nothing any more, but the role file could not be written: after a restart this machine is a $from" \
    "$(full_disk_hint)run the same command again, or power it off"
  note "$from -> fenced"
  answer_done
}
