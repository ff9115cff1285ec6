# shellcheck shell=bash
# What is kept in the repository, and whether it can still be read. The writer's, and only while nobody later has written there.

readonly FORGET_EVERY_SECONDS=3600
readonly FORGOTTEN=$LIB/forgotten
readonly CHECKED=$LIB/checked
# Locked, by everything that runs for it, while this machine has the repository for itself: a later writer takes the lock that is left
# there for that of a dead machine, and removes it.
readonly TIDYING=$RUN/tidying
readonly TIDYING_WAIT_SECONDS=10
readonly TIDYING_UNITS=(anny-tend.service anny-backup.service anny-changes.service)
# So much of the data is read again each week, beside all that says where it lies.
readonly CHECK_SHARE=25%

# All of the last hour, one an hour for a day, one a day for backup.retention_days. The newest stays, however old.
forget_old_backups() {
  [[ -z $(find "$FORGOTTEN" -newermt "-$FORGET_EVERY_SECONDS seconds" 2>/dev/null) ]] || return 0
  forget || note "old backups could not be forgotten: $(repository_said)"
}

forget() {
  begin_tidying || return 1
  repository_do unlock >/dev/null || return 1
  is_latest_writer || return 1
  repository_try forget --host "$PUBLIC_NAME" --tag backup --group-by host --keep-within 1h --keep-within-hourly 1d \
    --keep-within-daily "${BACKUP_RETENTION_DAYS}d" >/dev/null || return 1
  # That they were restored.
  repository_try forget --host "$PUBLIC_NAME" --tag proof --group-by host --keep-last 10 >/dev/null || return 1
  touch "$FORGOTTEN"
}

# The role is read when the lock is held, and end_tidying looks for the lock when the role is written: one of them sees the other. It is
# held until this program, and every restic that it has started, has ended.
begin_tidying() {
  exec 7>>"$TIDYING"
  flock -w "$TIDYING_WAIT_SECONDS" 7 || { echo 'it is being tidied already' >"$WORK/restic"; return 1; }
  [[ $(load_role; echo "$ROLE") == writer ]] || { echo 'this machine is no longer the writer' >"$WORK/restic"; return 1; }
}

# Before this machine has answered that it is no longer the writer. What restic has done until then is safe, and is gone on with
# by the next.
end_tidying() {
  [[ -e $TIDYING ]] || return 0
  exec 7>>"$TIDYING"
  if ! flock -n 7; then
    timeout "$TIDYING_WAIT_SECONDS" systemctl stop "${TIDYING_UNITS[@]}" || true
    # They did not fail.
    systemctl reset-failed "${TIDYING_UNITS[@]}" || true
    # By hand, or deaf.
    flock -w 1 7 || { kill_tidying; flock -w "$TIDYING_WAIT_SECONDS" 7 || note 'something still tidies the repository'; }
    exec 7>&-
    remove_own_lock
  fi
  exec 7>&-
}

# The lock of what has just been killed, so that nobody finds the repository locked: restic takes those whose process was one of this machine
# and is gone. Nobody waits for it, since the repository may not answer; what stays is left to the next writer.
remove_own_lock() {
  local said
  has_repository || return 0
  # It may outlive the verb, whose own directory goes with it.
  said=$(mktemp -d "$RUN/verb.XXXXXX")
  {
    WORK=$said repository_do unlock || note "the repository stays locked: $(WORK=$said repository_said)"
    rm -rf "$said"
  } 3>&- 8>&- 9>&- &
}

kill_tidying() {
  local pid
  # Processes end while it looks.
  for pid in $({ find /proc/[0-9]*/fd -lname "$TIDYING" -printf '%h\n' 2>/dev/null || true; } | cut -d/ -f3 | sort -u); do
    [[ $pid == "$$" || $pid == "$BASHPID" ]] || kill -KILL "$pid" || true
  done
}

# A machine that has slept while another took its place must not forget what that one wrote.
is_latest_writer() {
  local said latest
  said=$(repository_do --no-lock snapshots --json --host "$PUBLIC_NAME" --tag backup) || return 1
  latest=$(jq '[.[].tags[] | select(startswith("generation=")) | ltrimstr("generation=") | tonumber] | max // 0' <<<"$said")
  [[ $latest -le $GENERATION ]] || {
    echo "a later writer (generation $latest, this one is $GENERATION) keeps its backups there" >"$WORK/restic"
    return 1
  }
}

# Once a week: forget, free the room, and check.
verb_tend() {
  require_role writer
  require_repository
  take_backup_turn asked
  # What it holds for that is held until the last step has ended.
  forget || die_repository 'old backups could not be forgotten'
  repository_try prune >/dev/null || die_repository 'room could not be made in the repository'
  check_repository || die_repository 'the repository is damaged'
  touch "$CHECKED"
  answer_done
}

# What it finds is left to the monitor, which tells of it.
check_repository() {
  if repository_try check --read-data-subset "$CHECK_SHARE" >/dev/null; then
    rm -f "$DAMAGE"
    return
  fi
  is_locked || repository_said | write_file "$DAMAGE" 644
  return 1
}

checked_at() {
  stat -c %Y "$CHECKED" 2>/dev/null
}
