# shellcheck shell=bash
# The app's container. Compose makes it, systemd starts and stops it. It can only start where $RUN/app exists: neither a
# reboot nor a hand can start it on a machine that must not write.

readonly COMPOSE_FILE=$OPT/docker-compose.yml
readonly START_SECONDS=30
readonly DOCKER_SOCKET=/run/docker.sock
HEALTH_STATUS=0 HEALTH_BODY=''
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
  [[ -d ${STATE%/*} ]] || docker volume create "$STATE_VOLUME"
  repair_state
  chown "$APP_UID:$APP_UID" "$STATE"
}

# What Docker knows of the container, by its own socket: its program takes five times as long.
inspect_app() {
  curl -sS -m 10 --unix-socket "$DOCKER_SOCKET" "http://docker/containers/$CONTAINER/json"
}

# Sets APP_MADE and APP_RUNNING, APP_PAUSED, APP_PID; returns 1 when Docker does not answer.
look_at_app() {
  local said
  APP_MADE=no APP_RUNNING=no APP_PAUSED=no APP_PID=0
  said=$(inspect_app) || return 1
  [[ $said =~ \"State\":\{\"Status\":\"[a-z]+\",\"Running\":(true|false),\"Paused\":(true|false) ]] || return 0
  APP_MADE=yes
  if [[ ${BASH_REMATCH[1]} == true ]]; then APP_RUNNING=yes; fi
  if [[ ${BASH_REMATCH[2]} == true ]]; then APP_PAUSED=yes; fi
  if [[ $said =~ \"Pid\":([0-9]+) ]]; then APP_PID=${BASH_REMATCH[1]}; fi
}

app_running() {
  look_at_app && [[ $APP_RUNNING == yes ]]
}

start_app() {
  repair_state
  look_at_app || true
  start_container
}

# start_container: after look_at_app.
start_container() {
  mkdir -p "$RUN/app"
  thaw
  if [[ $APP_RUNNING == yes ]] && systemctl is-active --quiet anny-app.service; then return; fi
  if [[ -e $REMAKE || $APP_MADE == no ]]; then make_container || return 1; fi
  systemctl restart anny-app.service
}

stop_app() {
  rm -rf "$RUN/app"
  unfreeze_app
  stop_container
}

stop_container() {
  systemctl stop anny-app.service
  if app_running; then docker stop "$CONTAINER"; fi
}

# The state is final once the app's processes have ended, which end with the container's first. Docker needs a
# few hundred milliseconds more to clear up after it: it does so while we go on, under the lock of this verb, so that what
# starts or stops the app waits for it.
end_app() {
  # Without it no restart policy brings up another process than the one that is looked at next.
  rm -rf "$RUN/app"
  look_at_app || die_without_docker
  thaw
  if [[ $APP_PID -eq 0 ]]; then
    stop_container
    return
  fi
  { stop_container || note 'Docker could not stop the app'; } 3>&- &
  while process_lives "$APP_PID"; do
    require_held
    tick
  done
}

process_lives() {
  local line
  { read -r line <"/proc/$1/stat"; } 2>/dev/null && [[ ${line##*) } != Z* ]]
}

# A backup freezes the app for a moment; one that was killed in it must not leave it frozen.
unfreeze_app() {
  look_at_app || true
  thaw
}

thaw() {
  if [[ $APP_PAUSED == yes ]]; then docker unpause "$CONTAINER"; fi
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

# Costs nothing next to a curl, which would take its time from the app that starts.
takes_connections() {
  # shellcheck disable=SC2217
  { : <"/dev/tcp/127.0.0.1/$APP_PORT"; } 2>/dev/null
}

wait_healthy() {
  local until
  look_at_uptime
  until=$((UPTIME_MS + $1 * 1000))
  until takes_connections; do
    look_at_uptime
    [[ $UPTIME_MS -lt $until ]] || { ask_health; return 1; }
    tick
  done
  until healthy; do
    look_at_uptime
    [[ $UPTIME_MS -lt $until ]] || return 1
    sleep 0.05
  done
}

answer_health() {
  note "healthy: HTTP $HEALTH_STATUS"
  answer_json "{\"healthy\":true,\"status\":$HEALTH_STATUS,\"body\":$(json_text "$HEALTH_BODY")}"
}

die_unhealthy() {
  local found="HTTP $HEALTH_STATUS"
  [[ $HEALTH_STATUS -ne 0 ]] || found='no answer'
  die "the app was not healthy within $1 s: $found ${HEALTH_BODY:0:200}" \
    'anny-bluegreen logs shows what the app wrote'
}

require_stopped() {
  look_at_app || die_without_docker
  if [[ $APP_RUNNING == yes ]]; then die 'the app runs on this machine' 'anny-box stop first'; fi
}

# Containers live on without it: what it cannot say must not be taken for a no.
die_without_docker() {
  die 'Docker does not answer, so it is not known whether the app runs' 'systemctl status docker says why; run the same command again'
}
