# shellcheck shell=bash
# Uptime: tells the webhook when the app goes down and when it comes up again, and nothing in between.

readonly MONITOR_STATE=$VAR/monitor-state

verb_monitor() {
  [ "$(role)" = writer ] || { ok; return; }
  is_held && { ok; return; }
  local state=UP before
  curl -sf -o /dev/null --max-time "$MONITOR_TIMEOUT_SECONDS" --cacert "$TRUST" --resolve "$PUBLIC_NAME:443:127.0.0.1" \
    "https://$PUBLIC_NAME$APP_HEALTH" || state=DOWN
  before=$(cat "$MONITOR_STATE" 2>/dev/null || echo UP)
  if [ "$state" != "$before" ]; then
    tell_webhook "$PUBLIC_NAME is $state (was $before)"
    echo "$state" >"$MONITOR_STATE"
  fi
  ok
}

# Both Slack and Discord read one of the two keys. The address is a secret: it goes by file, not by argument.
tell_webhook() {
  logger -t anny-box "$1"
  [ -s /opt/anny/alert-webhook ] || return 0
  jq -cn --arg text "$1" '{text: $text, content: $text}' |
    curl -s -o /dev/null --max-time 10 -H 'Content-Type: application/json' --data @- --config <(printf 'url = "%s"\n' "$(cat /opt/anny/alert-webhook)") || true
}
