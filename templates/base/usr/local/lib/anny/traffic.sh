# shellcheck shell=bash
# Where requests go: flag files that nginx tests per request. No reload, so no connection is closed under a client.

readonly MODE=$RUN/mode

# The role decides; a hold is memory only, so that a reboot ends it.
apply_role() {
  local have
  have=$(role)
  case $have in
    writer)
      trust_peers
      touch "$MODE/writer"
      rm -f "$MODE/relay" "$RUN"/takeover/*
      ;;
    relay)
      point_peer "$(role_get .relayTo)"
      trust_peers
      touch "$MODE/relay"
      # Opens the door to the requests that wait; from here on they go to the other machine.
      touch "$RUN/relay-open"
      rm -f "$MODE/writer" "$MODE/hold" "$RUN/hold-until"
      ;;
    *) rm -f "$MODE"/* ;;
  esac
  [ "$have" = candidate ] || [ "$have" = relay ] || rm -f "$RUN"/pass/*
  apply_takeover
}

# Another machine's requests reach the app here before this one is the writer: its relay leads to it.
apply_takeover() {
  local from
  from=$(role_get .takeover.from)
  rm -f "$RUN"/takeover/*
  [ -n "$from" ] || return 0
  touch "$RUN/trust/$from" "$RUN/takeover/$from"
}

# Machines that were writers before may relay: what they say of the client's address is believed.
trust_peers() {
  local address
  [ -s "$HISTORY" ] || return 0
  while read -r address; do touch "$RUN/trust/$address"; done < <(jq -rR 'fromjson? | .address' "$HISTORY" | grep -E "^$ADDRESS$" | tail -n 8 | sort -u)
}

# A socket for each address, and one name that leads to the current one: repointing cuts no request in flight.
point_peer() {
  local to=$1
  systemctl start "anny-peer@$to.socket"
  ln -sfn "peer-$to.sock" "$RUN/peer.sock.new"
  mv -fT "$RUN/peer.sock.new" "$RUN/peer.sock"
}

verb_pass() {
  need pass "${1:-}" '[0-9a-f]{32}'
  require_role pass candidate relay
  rm -f "$RUN"/pass/*
  touch "$RUN/pass/$1"
  ok
}

# The valve's service ends by itself when nothing flows through it; an earlier one must be gone before requests wait again.
readonly VALVE_IDLE_SECONDS=10

wait_for_closed_valve() {
  local end=$((SECONDS + VALVE_IDLE_SECONDS))
  while systemctl is-active --quiet anny-hold.service; do
    [ $SECONDS -lt $end ] || fail "requests of an earlier hold still flow" "run the same command again in a minute"
    sleep 0.2
  done
}

verb_hold() {
  need seconds "${1:-}" "$SECONDS_ARGUMENT"
  require_role hold writer
  if [ ! -e "$MODE/hold" ]; then
    wait_for_closed_valve
    rm -f "$RUN/relay-open"
  fi
  # The dead man's timer first: nothing holds requests that nothing would release.
  arm_deadman "$1"
  echo $(($(now) + $1)) >"$RUN/hold-until"
  touch "$MODE/hold"
  ok
}

arm_deadman() {
  disarm_deadman
  systemd-run --quiet --unit=anny-deadman --on-active="$1s" --timer-property=AccuracySec=100ms \
    /usr/local/sbin/anny-box deadman
}

disarm_deadman() {
  systemctl stop anny-deadman.timer 2>/dev/null || true
  systemctl reset-failed anny-deadman.service 2>/dev/null || true
}

is_held() {
  [ -e "$MODE/hold" ]
}

hold_until() {
  if is_held && [ -s "$RUN/hold-until" ]; then cat "$RUN/hold-until"; else echo 0; fi
}

verb_resume() {
  require_role resume writer
  resume_writer
  ok
}

resume_writer() {
  disarm_deadman
  start_app
  wait_healthy 60 >/dev/null || true
  touch "$RUN/relay-open"
  rm -f "$MODE/hold" "$RUN/hold-until"
}

# No commit came in time: this machine goes on as the writer that it never ceased to be.
verb_deadman() {
  if [ "$(role)" = writer ] && is_held; then
    logger -t anny-box "no commit within the budget: resuming as the writer"
    resume_writer
  fi
  ok
}

# The commit: from the moment this role file is on disk the other machine is the writer.
verb_relay() {
  need address "${1:-}" "$ADDRESS"
  require_role relay writer relay
  if [ "$(role)" = writer ]; then commit_relay "$1"; else repoint_relay "$1"; fi
  apply_role
  disarm_deadman
  ok
}

commit_relay() {
  is_held || fail "requests are not held: the time was over and this machine serves again" "run the same command again"
  app_runs && fail "the app still runs" "quiesce first"
  [ "$(now)" -lt "$(hold_until)" ] || fail "the time to commit is over" "run the same command again"
  : >/var/log/nginx/anny.relayed.log
  change_role '.role = "relay" | .relayTo = $to | .since = $at' --arg to "$1" --argjson at "$(now)"
}

repoint_relay() {
  [ "$(role_get .relayTo)" = "$1" ] || change_role '.relayTo = $to' --arg to "$1"
}
