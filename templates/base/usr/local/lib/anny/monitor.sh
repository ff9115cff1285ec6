# shellcheck shell=bash
# Asks the app for its health the way a client does, every few minutes; tells the webhook when the answer changes.

readonly MONITOR_STATE=$LIB/monitor

verb_monitor() {
  local now before
  if [[ $ROLE == relay ]]; then
    [[ $(ask_peer "$RELAY_TO") != 2* ]] || note_writes
    return 0
  fi
  # During a handover the next writer is watched by the operator's side.
  if [[ $ROLE != writer ]] || held; then return 0; fi
  unfreeze_if_forgotten
  before=$(cat "$MONITOR_STATE" 2>/dev/null || echo up)
  now=down
  if client_sees_health; then now=up; fi
  [[ $now != "$before" ]] || return 0
  note "$PUBLIC_NAME is $now"
  # Written down only once it is told, so that a webhook that fails is tried again.
  tell "$PUBLIC_NAME is ${now^^} (was ${before^^}), release $RELEASE, HTTP ${SEEN:-0}"
  echo "$now" | write_file "$MONITOR_STATE" 644
}

client_sees_health() {
  SEEN=$(curl -sS -m "$MONITOR_TIMEOUT_SECONDS" --cacert "$TRUST" \
    --resolve "$PUBLIC_NAME:443:127.0.0.1" -o /dev/null -w '%{http_code}' "https://$PUBLIC_NAME$APP_HEALTH") || true
  [[ $SEEN == 2* ]]
}

# A frozen app with no verb at work was forgotten by a backup that was killed.
unfreeze_if_forgotten() {
  if flock -n "$RUN/lock" true; then unfreeze_app; fi
}

# Slack reads "text", Discord "content". The address is a secret: it goes by stdin, not as an argument.
tell() {
  local url
  url=$(cat "$OPT/alert-webhook" 2>/dev/null || true)
  [[ -n $url ]] || return 0
  jq -cn --arg text "$1" '{$text, content: $text}' >"$WORK/alert"
  printf 'url = "%s"\n' "$url" |
    curl -sS -m 10 -f -K - --cacert "$TRUST" -H 'Content-Type: application/json' --data-binary "@$WORK/alert" -o /dev/null
}
