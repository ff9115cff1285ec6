# shellcheck shell=bash
# The app of a writer ends and starts again, and no request fails for it: they wait, as in a handover.

verb_restart() {
  require_role writer
  refuse_held
  hold_app
  resume_writer || die_unhealthy "$START_SECONDS"
  answer_health
}

refuse_held() {
  held && die 'a handover is under way' 'run the same command again when it is over'
  [[ -e $RUN/mode/writer ]] ||
    die 'this machine does not serve yet: it was started again, and waits until the name leads to it' \
      'anny-bluegreen status says where the name leads'
}

# New requests wait, and the app ends. Should this verb be killed, the dead man's timer starts the app again.
hold_app() {
  rm -f "$RUN/quiesced"
  begin_hold "$HOLD_LIMIT_SECONDS"
  : >"$RUN/mode/hold"
  await_taken
  end_app
  # What end_app leaves to Docker comes before the next start.
  wait
}

# wait_started SECONDS: as wait_healthy; but an app that ends again and again is not waited for, since requests are.
wait_started() {
  local until=$(($(uptime_ms) + $1 * 1000))
  until healthy; do
    [[ $(uptime_ms) -lt $until ]] || return 1
    app_gave_up && return 1
    sleep 0.1
  done
}

app_gave_up() {
  local said
  said=$(inspect_app) || return 1
  [[ $said =~ \"Status\":\"(exited|dead)\" ]] || [[ $said =~ \"RestartCount\":([0-9]+) && ${BASH_REMATCH[1]} -ge 2 ]]
}
