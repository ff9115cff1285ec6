# shellcheck shell=bash
# Asks the app for its health the way a client does, every few minutes, how long the certificate is still good, and what the check
# of the backup repository found; tells the webhook when the answer changes, and not again while it stays.

readonly MONITOR_STATE=$LIB/monitor
readonly CERTIFICATE_STATE=$LIB/monitor-certificate
readonly REPOSITORY_STATE=$LIB/monitor-repository
# What the last check of the repository found wrong; not there when it was in order.
readonly DAMAGE=$LIB/repository-damage
readonly LOOK_AGAIN_SECONDS=5
# A first release has its certificate within minutes.
readonly CERTIFICATE_GRACE_SECONDS=3600

verb_monitor() {
  if [[ $ROLE == relay ]]; then
    [[ $(ask_peer "$RELAY_TO") != 2* ]] || note_writes
    return 0
  fi
  is_watched || return 0
  unfreeze_if_forgotten
  watch_health
  is_watched || return 0
  watch_certificate
  watch_repository
}

# During a handover the operator's side watches, and after it the next writer does.
is_watched() {
  load_role
  [[ $ROLE == writer ]] && ! held
}

# One bad answer may be a request that waited for a handover or a restart: only the second in a row counts.
watch_health() {
  local before now=up
  before=$(cat "$MONITOR_STATE" 2>/dev/null || echo up)
  if ! client_sees_health; then
    if [[ $before == up ]]; then
      sleep "$LOOK_AGAIN_SECONDS"
      is_watched || return 0
      client_sees_health || now=down
      is_watched || return 0
    else
      now=down
    fi
  fi
  [[ $now != "$before" ]] || return 0
  note "$PUBLIC_NAME is $now"
  # Written down only once it is told, so that a webhook that fails is tried again.
  tell "$PUBLIC_NAME is ${now^^} (was ${before^^}), release $RELEASE, $SEEN"
  echo "$now" | write_file "$MONITOR_STATE" 644
}

client_sees_health() {
  local status
  status=$(curl -sS -m "$MONITOR_TIMEOUT_SECONDS" --cacert "$TRUST" \
    --resolve "$PUBLIC_NAME:443:127.0.0.1" -o /dev/null -w '%{http_code}' "https://$PUBLIC_NAME$APP_HEALTH") || true
  SEEN="HTTP $status"
  if [[ $status == 000 || -z $status ]]; then SEEN="no answer within $MONITOR_TIMEOUT_SECONDS s"; fi
  [[ $status == 2* ]]
}

# It renews itself when a third of its life is left; at a sixth a person should know that this has failed.
watch_certificate() {
  local before now=good text
  before=$(cat "$CERTIFICATE_STATE" 2>/dev/null || echo good)
  if [[ $(certificate_kind) != issued ]]; then
    if [[ $(($(date +%s) - SINCE)) -gt $CERTIFICATE_GRACE_SECONDS ]]; then now=missing; fi
  elif life_left_below 6; then
    now=ending
  fi
  [[ $now != "$before" ]] || return 0
  look_at_issuer
  case $now in
    good) text="The certificate of $PUBLIC_NAME is good again, until $(moment "$LIFE_END")" ;;
    ending) text="The certificate of $PUBLIC_NAME ends at $(moment "$LIFE_END") and was not renewed: ${FAILURE:-the issuer was not asked}" ;;
    missing) text="$PUBLIC_NAME has no certificate: ${FAILURE:-the issuer was not asked}" ;;
  esac
  note "$text"
  tell "$text, release $RELEASE"
  echo "$now" | write_file "$CERTIFICATE_STATE" 644
}

watch_repository() {
  local before now=good text="The backup repository of $PUBLIC_NAME is in order again"
  before=$(cat "$REPOSITORY_STATE" 2>/dev/null || echo good)
  if [[ -s $DAMAGE ]]; then
    now=damaged text="The check of the backup repository of $PUBLIC_NAME failed: $(<"$DAMAGE")"
  fi
  [[ $now != "$before" ]] || return 0
  note "$text"
  tell "$text, release $RELEASE"
  echo "$now" | write_file "$REPOSITORY_STATE" 644
}

# A frozen app with no verb at work was forgotten by a backup that was killed.
unfreeze_if_forgotten() {
  if flock -n "$RUN/lock" true; then unfreeze_app; fi
}

# The address is a secret: it goes by stdin, not as an argument.
tell() {
  local url
  url=$(cat "$OPT/alert-webhook" 2>/dev/null || true)
  [[ -n $url ]] || return 0
  alert_body "$url" "$1" >"$WORK/alert"
  printf 'url = "%s"\n' "$url" |
    curl -sS -m 10 -f -K - --cacert "$TRUST" -H 'Content-Type: application/json' --data-binary "@$WORK/alert" -o /dev/null
}

# alert_body URL TEXT: Slack reads "text", Discord "content" (and "text" at its /slack addresses); who else it may be gets both.
alert_body() {
  local host=${1#*://}
  host=${host%%[/:?]*}
  case $host:$1 in
    *:*/slack | hooks.slack.com:* | *.slack.com:*) jq -cn --arg text "$2" '{$text}' ;;
    discord.com:* | *.discord.com:* | discordapp.com:*) jq -cn --arg content "$2" '{$content}' ;;
    *) jq -cn --arg text "$2" '{$text, content: $text}' ;;
  esac
}
