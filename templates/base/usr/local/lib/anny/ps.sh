# shellcheck shell=bash
# What runs on this machine, for one screen: container, services, jobs, timers, nginx.

verb_ps() {
  local -a jobs=()
  mapfile -t jobs < <(job_units)
  answer_json "$(jq -cn --argjson container "$(container_json)" --argjson nginx "$(nginx_json)" \
    --argjson services "$(units_json docker.service nginx.service fail2ban.service anny-app.service anny-hold.socket)" \
    --argjson jobs "$(units_json "${jobs[@]}")" --argjson timers "$(timers_json)" \
    '{$container, $nginx, $services, $jobs, $timers}')"
}

container_json() {
  local memory
  memory=$(curl -sS -m 5 --unix-socket "$DOCKER_SOCKET" "http://docker/containers/$CONTAINER/stats?stream=false&one-shot=true" |
    jq '.memory_stats.usage // 0') || memory=0
  inspect_app |
    jq -ce --argjson memory "${memory:-0}" 'select(.Name) | {name: .Name[1:], image: .Config.Image, state: .State.Status, 
      health: (if .State.Health == null then "" elif .State.Health.Log == [] then "not checked yet" else .State.Health.Status end),
      startedAt: .State.StartedAt, restarts: .RestartCount, exitCode: .State.ExitCode, memoryBytes: $memory}' || echo null
}

nginx_json() {
  local configuration=ok
  nginx -t >/dev/null 2>&1 || configuration=broken
  nginx_status |
    awk -v configuration="$configuration" '
      /^Active connections:/ { connections = $3 }
      $3 == "Writing:" { open = $4 - 1 }
      END { printf "{\"configuration\":\"%s\",\"connections\":%d,\"underWay\":%d}", configuration, connections, open }'
}

# units_json UNIT...
units_json() {
  [[ $# -gt 0 ]] || { echo '[]'; return; }
  systemctl show --property=Id,ActiveState,SubState,Result "$@" |
    jq -Rnc 'reduce inputs as $line ([{}]; if $line == "" then . + [{}] else
        ($line | capture("^(?<key>[^=]+)=(?<value>.*)$")) as {$key, $value} | .[-1][$key] = $value end)
      | map(select(.Id) | {name: .Id, state: .ActiveState, sub: .SubState, result: (.Result // "")})'
}

# Those of the image: a verb's own are over when it is. Times in seconds since the epoch; 0 for never.
timers_json() {
  systemctl list-timers --all --output=json 'anny-*' |
    jq -c 'map(select(.unit | test("^anny-(deadman|unfreeze)-") | not) | {name: .unit, nextAt: ((.next // 0) / 1000000 | floor), lastAt: ((.last // 0) / 1000000 | floor)})'
}
