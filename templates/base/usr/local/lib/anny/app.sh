# shellcheck shell=bash
# The app's container. Compose makes it, systemd starts and stops it. It can only start where $RUN/app exists: neither a
# reboot nor a hand can start it on a machine that must not write.

readonly COMPOSE_FILE=$OPT/docker-compose.yml
readonly START_SECONDS=30
# There when the secrets changed after the container was made.
readonly REMAKE=$LIB/remake-container

# v2 is a plugin of docker; Debian's distribution has v1.
compose() {
  local plugin
  for plugin in /usr/{local/,}{libexec,lib}/docker/cli-plugins/docker-compose; do
    [[ -x $plugin ]] && { docker compose "$@"; return; }
  done
  docker-compose "$@"
}

# Secrets reach the container through an override made for the moment: compose itself would expand what stands in .env.
make_container() {
  local override=$WORK/secrets.json
  local -a files=()
  mkdir -p "$RUN/app" "$OPT/secrets"
  mapfile -t files < <(find "$OPT/secrets" -type f ! -name '.*' -printf '%f\n' | sort)
  # An empty line between them: the last line of a file may have no end.
  {
    cat "$OPT/app.environment" 2>/dev/null || true
    echo
    cat "$OPT/.env" 2>/dev/null || true
    printf '\nANNY_IMAGE_DIGEST=%s\n' "$(image_digest)"
  } |
    jq -Rn --arg app "$APP_NAME" --args '
      [inputs | select(test("^[A-Za-z_][A-Za-z0-9_]*="))
       | capture("^(?<name>[^=]+)=(?<value>.*)$") | {key: .name, value: (.value | gsub("\\$"; "$$"))}] as $environment
      | {version: "3.8", services: {($app): {
          environment: ($environment | from_entries),
          volumes: ($ARGS.positional | map("/opt/anny/secrets/\(.):/secrets/\(.):ro"))}}}' \
      "${files[@]}" >"$override" || return 1
  chmod 600 "$override"
  : >"$WORK/empty"
  compose --env-file "$WORK/empty" -p "$APP_NAME" -f "$COMPOSE_FILE" -f "$override" up --no-start --no-build "$APP_NAME" ||
    return 1
  rm -f "$REMAKE"
}

ensure_volume() {
  docker volume create "$STATE_VOLUME"
  repair_state
  chown "$APP_UID:$APP_UID" "$STATE"
}

app_running() {
  [[ $(docker inspect -f '{{.State.Running}}' "$CONTAINER" 2>/dev/null) == true ]]
}

start_app() {
  mkdir -p "$RUN/app"
  repair_state
  unfreeze_app
  if app_running && systemctl is-active --quiet anny-app.service; then return; fi
  if [[ -e $REMAKE ]] || ! docker inspect "$CONTAINER" >/dev/null 2>&1; then make_container || return 1; fi
  systemctl restart anny-app.service
}

stop_app() {
  unfreeze_app
  systemctl stop anny-app.service
  if app_running; then docker stop "$CONTAINER"; fi
  rm -rf "$RUN/app"
}

# A backup freezes the app for a moment; one that was killed in it must not leave it frozen.
unfreeze_app() {
  if [[ $(docker inspect -f '{{.State.Paused}}' "$CONTAINER" 2>/dev/null) == true ]]; then
    docker unpause "$CONTAINER"
  fi
}

# Sets HEALTH_STATUS (0 when nothing answered) and HEALTH_BODY.
ask_health() {
  HEALTH_STATUS=$(curl -sS -m 5 -o "$WORK/health" -w '%{http_code}' -H "Host: $PUBLIC_NAME" \
    "http://127.0.0.1:$APP_PORT$APP_HEALTH" 2>"$WORK/health-error") || true
  HEALTH_STATUS=$((10#${HEALTH_STATUS:-0}))
  HEALTH_BODY=$(head -c 500 "$WORK/health" 2>/dev/null | tr -d '\0' || true)
  if [[ $HEALTH_STATUS -eq 0 ]]; then HEALTH_BODY=$(head -c 500 "$WORK/health-error"); fi
  rm -f "$WORK/health"
}

healthy() {
  ask_health
  [[ $HEALTH_STATUS -ge 200 && $HEALTH_STATUS -lt 300 ]]
}

wait_healthy() {
  local until=$(($(uptime_ms) + $1 * 1000))
  until healthy; do
    [[ $(uptime_ms) -lt $until ]] || return 1
    sleep 0.05
  done
}

answer_health() {
  note "healthy: HTTP $HEALTH_STATUS"
  answer_json "$(jq -cn --argjson status "$HEALTH_STATUS" --arg body "$HEALTH_BODY" '{healthy: true, $status, $body}')"
}

die_unhealthy() {
  local found="HTTP $HEALTH_STATUS"
  [[ $HEALTH_STATUS -ne 0 ]] || found='no answer'
  die "the app was not healthy within $1 s: $found ${HEALTH_BODY:0:200}" \
    'anny-bluegreen logs shows what the app wrote'
}

require_stopped() {
  if app_running; then die 'the app runs on this machine' 'anny-box stop first'; fi
}
