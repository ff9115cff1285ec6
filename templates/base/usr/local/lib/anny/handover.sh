# shellcheck shell=bash
# The old machine's side of a handover: hold, then resume or relay. A timer of its own ends every hold. Requests wait while
# these verbs and `takeover` run: what takes time and can be done before or after is done there.

readonly HOLD_LIMIT_SECONDS=100
readonly DRAIN_SECONDS=8
readonly TAKE_SECONDS=5
# One line for each request that a relay passed on, its time first: the evidence that decides when it may go.
# Not where the distribution's logrotate would take it away.
readonly RELAYED_LOG=/var/log/anny/relayed.log
# Those of them that may have changed something.
readonly RELAYED_WRITES_LOG=/var/log/anny/relayed-writes.log
# How many writes the app there had counted at the handover, and when it was last asked.
readonly PEER_WRITES=$LIB/peer-writes.json

# $RUN/hold: the deadline in milliseconds of uptime, and for people in seconds since the epoch.
verb_hold() {
  local seconds=${1:-} beside found
  require_role writer
  require_number "$seconds" 1 "$HOLD_LIMIT_SECONDS" 'the seconds after which this machine resumes by itself'
  begin_hold "$seconds"
  # While nobody waits yet; the timer starts them again if nothing comes of it.
  stop_jobs
  install -d -m 700 "$LETSENCRYPT"
  # It cannot change from here on: what changes it takes the lock, or refuses during a hold.
  beside=$(beside_digest "$HISTORY" "$LETSENCRYPT")
  : >"$RUN/mode/hold"
  if [[ ! -s $RUN/quiesced ]] || app_running; then quiesce; fi
  found=$(cat "$RUN/quiesced")
  note "state is $found"
  answer_json "${found%\}},\"beside\":\"$beside\"}"
}

# begin_hold SECONDS: until then, at the longest, requests will wait; they begin to when $RUN/mode/hold is there.
begin_hold() {
  # Not out of the budget: nobody waits yet.
  if [[ ! -e $RUN/mode/hold ]]; then
    rm -f "$RUN/relay-open"
    await_idle_gate
  fi
  arm_deadman "$1"
}

# Armed before the first request waits. An older timer that fires finds a later deadline and leaves everything alone.
arm_deadman() {
  printf '%s %s\n' "$(($(uptime_ms) + $1 * 1000))" "$(($(date +%s) + $1))" >"$RUN/.hold"
  systemd-run --quiet --collect --unit="anny-deadman-$(uptime_ms)-$$" --on-active="$1" \
    --timer-property=AccuracySec=50ms --property=Restart=on-failure --property=RestartSec=1 --property=Type=exec \
    --property=StartLimitIntervalSec=0 \
    /usr/local/sbin/anny-box deadman
  mv -f "$RUN/.hold" "$RUN/hold"
}

# Requests of an earlier hold may still be on their way through the gate; closed under them they would fail.
await_idle_gate() {
  local until=$(($(uptime_ms) + DRAIN_SECONDS * 1000))
  while systemctl is-active --quiet anny-hold.service; do
    if [[ $(uptime_ms) -ge $until ]]; then
      if healthy; then
        die 'requests of an earlier hold are still being answered' 'run the same command again in a minute'
      fi
      # They wait for an app that does not answer.
      systemctl stop anny-hold.service
    fi
    sleep 0.1
  done
}

# The app finishes what it has and stops; what the state is then is written down.
quiesce() {
  local found
  rm -f "$RUN/quiesced"
  require_held
  await_taken
  end_app
  found=$(manifest "$STATE")
  require_held
  printf '%s\n' "$found" >"$RUN/.quiesced"
  mv -f "$RUN/.quiesced" "$RUN/quiesced"
}

# A request that has not been read when the app stops is cut off, however gracefully the app does it. No new ones come any more;
# those that are on their way need a moment.
await_taken() {
  local until
  look_at_uptime
  until=$((UPTIME_MS + TAKE_SECONDS * 1000))
  look_at_app || die_without_docker
  while requests_unread; do
    look_at_uptime
    [[ $UPTIME_MS -lt $until ]] || { note 'the app leaves requests unread'; return 0; }
    tick
  done
}

# On this side, connections that are asked for (02) or have bytes to send; on the app's, such as are half made (03), wait to be
# accepted (a listening socket's number), or have bytes to read.
requests_unread() {
  local port
  printf -v port ':%04X' "$APP_PORT"
  [[ $APP_PID -gt 0 ]] || return 1
  awk -v port="$port" '$3 ~ port "$" && ($4 == "02" || $5 !~ /^00000000:/) { found = 1 } END { exit !found }' /proc/net/tcp ||
    cat "/proc/$APP_PID/net/tcp" "/proc/$APP_PID/net/tcp6" 2>/dev/null |
    awk -v port="$port" '$2 ~ port "$" && ($4 == "03" || $5 !~ /:00000000$/) { found = 1 } END { exit !found }'
}

require_held() {
  local deadline rest
  [[ -e $RUN/hold && -e $RUN/mode/hold ]] ||
    die 'this machine is not held; it serves' 'the hold was over, or the machine was restarted: begin the handover again'
  read -r deadline rest <"$RUN/hold"
  [[ $(uptime_ms) -lt $deadline ]] || die 'the hold is over; this machine resumes by itself' 'begin the handover again'
}

verb_resume() {
  require_role writer
  resume_writer || die_unhealthy "$START_SECONDS"
  answer_done
}

# Requests go on waiting until the app answers; an app that does not come up must not keep them for ever: then the hold ends
# all the same, and 1 is returned.
resume_writer() {
  local well=0
  rm -f "$RUN/quiesced"
  if start_app; then
    wait_healthy "$START_SECONDS" || well=1
  else
    note 'the app could not be started'
    healthy || well=1
  fi
  rm -f "$RUN/hold"
  apply_role
  return "$well"
}

verb_deadman() {
  local deadline rest
  if [[ ! -e $RUN/hold || $ROLE != writer ]]; then
    # A verb that was killed between the role file and the flags is finished here.
    apply_role
    return
  fi
  read -r deadline rest <"$RUN/hold"
  [[ $(uptime_ms) -ge $((deadline - 200)) ]] || return 0
  note 'nobody committed in time: this machine serves again'
  resume_writer || note "but the app is not healthy: HTTP $HEALTH_STATUS"
}

verb_relay() {
  local to=${1:-}
  require_role writer relay
  require_address "$to"
  [[ $to != "$(own_address)" ]] || die 'a machine cannot relay to itself' "give the new writer's address"
  if [[ $ROLE == relay && $RELAY_TO == "$to" ]]; then
    apply_role
    answer_done
    return
  fi
  start_peer "$to"
  require_successor "$to"
  if [[ $ROLE == writer ]]; then
    require_held
    [[ -s $RUN/quiesced ]] || die 'the app of this machine was not stopped for the handover' 'anny-box hold first'
    require_stopped
    require_held
    rm -f "$PEER_WRITES"
    : >"$RELAYED_LOG"
    : >"$RELAYED_WRITES_LOG"
  fi
  RELAY_TO=$to TAKEOVER_FROM='' TAKEOVER_AT=0 TAKEOVER_DIGEST=''
  become relay
  open_relay
  # All that waited goes on now, and what is left to do here is not to slow it down.
  renice -n 19 -p "$$" || true
  apply_role
  remember relayed || note 'the history could not be written'
  note_writes || note 'what the app has counted could not be written down'
  # Nobody waits for it any more: it is what a fall-back would begin with.
  sync -f "$STATE" || note 'the state could not be synced'
  answer_done
}

# Asked the way that requests will go: through the relay's socket, over the network, by TLS and name. Only a machine that took over from this one, or that
# is the writer, answers.
require_successor() {
  local said
  said=$(ask_peer "$1")
  [[ $said == 2* ]] || die "the app does not answer at $1 as $PUBLIC_NAME: ${said:0:200}" \
    'nothing was changed; check that the new machine runs its app and that its port 443 is open to this one'
}

# ask_peer ADDRESS: the HTTP status of its health, or what went wrong; the answer is in $WORK/peer.
ask_peer() {
  curl -sS -m 5 --cacert "$TRUST" --unix-socket "$RUN/peer-$1.sock" -o "$WORK/peer" -w '%{http_code}' \
    "https://$PUBLIC_NAME$APP_HEALTH" 2>&1 || true
}

# note_writes: what the app that this machine relays to has counted, where it counts ("writes" in its health). With the count at
# the handover it says how many writes that machine has, should it be lost.
note_writes() {
  local writes first
  writes=$(jq -e '.writes | numbers | floor' "$WORK/peer" 2>/dev/null) || return 0
  first=$(jq '.handedOver | numbers' "$PEER_WRITES" 2>/dev/null || true)
  first=${first:-$writes}
  jq -cn --argjson handedOver "$first" --argjson seen "$writes" --argjson at "$(date +%s)" '{$handedOver, $seen, $at}' \
    >"$PEER_WRITES.new" && mv -f "$PEER_WRITES.new" "$PEER_WRITES"
}
