# shellcheck shell=bash
# Jobs that an image brings along: timers and workers that are wanted by anny-writer.target. They run on a writer that serves,
# and on no other machine; before a handover takes the state they have ended.

readonly JOBS_TARGET=anny-writer.target
# There while they may run: the verbs of a handover need not ask systemd.
readonly JOBS_RUN=$RUN/jobs
readonly JOBS_STOP_SECONDS=10

# Nobody waits for them, and one that fails keeps nobody from serving.
start_jobs() {
  [[ ! -e $JOBS_RUN ]] || return 0
  if systemctl start --no-block "$JOBS_TARGET"; then
    touch "$JOBS_RUN"
  else
    note "$JOBS_TARGET could not be started"
  fi
}

# Also what a timer has started and is still at work. One that does not end in time is killed.
stop_jobs() {
  local -a units=("$JOBS_TARGET")
  [[ -e $JOBS_RUN ]] || return 0
  mapfile -t -O 1 units < <(job_units)
  if ! timeout "$JOBS_STOP_SECONDS" systemctl stop "${units[@]}"; then
    note "jobs did not end within $JOBS_STOP_SECONDS s, and are killed: ${units[*]:1}"
    systemctl kill --signal=KILL "${units[@]:1}" || true
    timeout "$JOBS_STOP_SECONDS" systemctl stop "${units[@]}" || true
  fi
  rm -f "$JOBS_RUN"
}

# What the target wants, and what those timers, paths and sockets start.
job_units() {
  local -a wanted=()
  read -ra wanted <<<"$(systemctl show --property=Wants --value "$JOBS_TARGET")" || true
  [[ ${#wanted[@]} -gt 0 ]] || return 0
  { printf '%s\n' "${wanted[@]}"; systemctl show --property=Triggers --value "${wanted[@]}" | tr ' ' '\n'; } |
    grep . | sort -u || true
}
