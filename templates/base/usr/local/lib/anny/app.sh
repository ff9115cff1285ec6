# shellcheck shell=bash
# The app's life: started by systemd (anny-app.service) on this script's word alone.

readonly STATE=/var/lib/docker/volumes/$STATE_VOLUME/_data

app_runs() {
  systemctl is-active --quiet anny-app.service
}

start_app() {
  app_runs && return
  systemctl reset-failed anny-app.service 2>/dev/null || true
  systemctl start anny-app.service
}

stop_app() {
  systemctl stop anny-app.service
}

app_health() {
  curl -s -o "$RUN/health" -w '%{http_code}' --max-time 5 "http://127.0.0.1:$APP_PORT$APP_HEALTH" || true
}

# wait_healthy SECONDS: prints the health as JSON; false when it never came.
wait_healthy() {
  local end=$((SECONDS + $1)) code healthy=false
  while :; do
    code=$(app_health)
    [[ $code =~ ^2 ]] && { healthy=true; break; }
    [ $SECONDS -lt $end ] || break
    sleep 0.1
  done
  health_json "$healthy" "$code"
  [ "$healthy" = true ]
}

health_json() {
  head -c 500 "$RUN/health" 2>/dev/null | iconv -c -t UTF-8 | jq -Rsc --argjson healthy "$1" --arg status "$2" \
    '{healthy: $healthy, status: ($status | tonumber? // 0), body: .}'
}

start_and_wait() {
  local health
  start_app
  if health=$(wait_healthy "$1"); then
    echo "$health"
  else
    fail "the app is not healthy after $1 s: $(jq -r '"HTTP \(.status) \(.body)"' <<<"$health")" "anny-bluegreen logs says why"
  fi
}

verb_start() {
  need seconds "${1:-}" "$SECONDS_ARGUMENT"
  require_role start candidate
  start_and_wait "$1"
}

verb_stop() {
  require_role stop none candidate relay
  stop_app
  rm -f "$RUN"/pass/*
  [ "$(role_get .takeover.from)" = "" ] || change_role '.takeover = {from: "", at: 0}'
  apply_takeover
  ok
}

verb_quiesce() {
  require_role quiesce writer
  is_held || fail "requests are not held" "hold first"
  stop_app
  state_manifest
}

verb_takeover() {
  need peer "${1:-}" "$ADDRESS"
  need seconds "${2:-}" "$SECONDS_ARGUMENT"
  require_role takeover candidate relay
  local health
  health=$(start_and_wait "$2") || { echo "$health"; exit 1; }
  change_role '.takeover = {from: $from, at: $at}' --arg from "$1" --argjson at "$(now)"
  apply_takeover
  echo "$health"
}

verb_activate() {
  require_role activate candidate relay writer
  if [ "$(role)" != writer ]; then
    start_and_wait 60 >"$RUN/activate" || { cat "$RUN/activate"; exit 1; }
    change_role '.role = "writer" | .relayTo = "" | .since = $at | .generation = $generation | .takeover = {from: "", at: 0}' \
      --argjson at "$(now)" --argjson generation "$(($(last_generation) + 1))"
    record_event activated
  fi
  start_app
  apply_role
  ok
}

verb_logs() {
  need lines "${1:-}" '[0-9]{1,5}'
  {
    docker logs --tail "$1" "$APP_NAME" 2>&1 || journalctl -u anny-app -n "$1" --no-pager -o cat
    if [ "${2:-}" = all ]; then
      echo "--- anny-box"
      journalctl -t anny-box -u anny-app -u anny-box -n "$1" --no-pager -o short-iso
      echo "--- nginx errors"
      tail -n "$1" /var/log/nginx/anny.error.log 2>/dev/null || true
    fi
  } | jq -Rsc '{text: .}'
}
