# shellcheck shell=bash
# The backup repository, as restic knows it. Its address, password and credentials came with the secrets: files that root alone
# reads, never arguments and never the environment.

readonly REPOSITORY=$OPT/backup
# Another restic may be tidying: its lock is waited for.
readonly REPOSITORY_TRIES=6
readonly REPOSITORY_PAUSE_SECONDS=5

has_repository() { [[ -s $REPOSITORY/repository && -s $REPOSITORY/password ]]; }

require_repository() {
  has_repository || die 'this machine has no backup repository: backup.repository was empty when its secrets came' \
    'set backup.repository, and ANNY_BACKUP_PASSWORD in .env; promote --again brings them'
}

# repository_do COMMAND...: restic; its answer on stdout. Returns what restic does; what it said is in $WORK/restic.
repository_do() {
  local -a options=()
  local at
  at=$(repository_ssh)
  [[ -z $at ]] || options=(-o "sftp.command=$at")
  install -d -m 700 "$BACKUP_DIR" "$BACKUP_DIR/cache"
  TZ=UTC RESTIC_CACHE_DIR=$BACKUP_DIR/cache AWS_SHARED_CREDENTIALS_FILE=$REPOSITORY/credentials \
    nice -n 10 restic --quiet --repository-file "$REPOSITORY/repository" --password-file "$REPOSITORY/password" \
    --cacert "$TRUST" "${options[@]}" "$@" 2>"$WORK/restic" 3>&- 9>&-
}

# The way to an SFTP repository: one key, one host key, nothing of anybody's configuration. "" for other kinds.
repository_ssh() {
  local text host port=22
  text=$(cat "$REPOSITORY/repository")
  [[ $text == sftp:* ]] || return 0
  if [[ $text =~ ^sftp://([^/:]+)(:([0-9]+))?/ ]]; then
    host=${BASH_REMATCH[1]} port=${BASH_REMATCH[3]:-22}
  else
    text=${text#sftp:}
    host=${text%%:*}
  fi
  printf 'ssh -F /dev/null -p %s -i %s -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=%s -o GlobalKnownHostsFile=/dev/null -o ConnectTimeout=10 -o ServerAliveInterval=10 %s -s sftp' \
    "$port" "$REPOSITORY/ssh_key" "$REPOSITORY/known_hosts" "$host"
}

repository_said() { grep -v '^[[:space:]]*$' "$WORK/restic" | tail -n 4 | cut -c1-300 | paste -sd '|' || true; }

is_locked() { grep -q 'already locked' "$WORK/restic"; }

# A repository that is not there yet, in the words of restic's many ways to it; that its host does not answer is something else.
is_uninitialised() { grep -qiE 'config file: [^|]*(not exist|no such file)|repository does not exist' "$WORK/restic"; }

# repository_try COMMAND...: the writer's. Waits for another's lock, and removes locks whose owner has died.
repository_try() {
  local tries=1
  until repository_do "$@"; do
    is_locked && [[ $tries -lt $REPOSITORY_TRIES ]] || return 1
    tries=$((tries + 1))
    remove_dead_lock || {
      sleep "$REPOSITORY_PAUSE_SECONDS"
      repository_do unlock >/dev/null || true
    }
  done
}

# The lock of a writer that died while it tidied. restic would honour it for half an hour, since its machine is another; but that was
# fenced, or ended its tidying (end_tidying), before this one became the writer. A lock of anybody else is waited for; so is one of
# this machine, where restic itself sees whether its process lives.
remove_dead_lock() {
  local ids id lock
  ids=$(repository_do --no-lock list locks) || return 1
  [[ -n $ids ]] || return 1
  for id in $ids; do
    lock=$(repository_do --no-lock cat lock "$id") || return 1
    # Exclusive: there can be no second one beside it, which removing all would remove as well.
    jq -e '.exclusive == true' <<<"$lock" >/dev/null && is_earlier_writer "$(jq -r .hostname <<<"$lock")" &&
      is_before_role "$(jq -r .time <<<"$lock")" || return 1
  done
  # Nobody can have taken one beside it; that it is not gone, and another's there now, is seen here.
  [[ $(repository_do --no-lock list locks) == "$ids" ]] || return 1
  note "removes the lock of $(jq -r .hostname <<<"$lock"), which is no longer the writer"
  repository_do unlock --remove-all >/dev/null
}

# is_earlier_writer NAME: of a release that was the writer before this one. A machine is called as its release.
is_earlier_writer() {
  [[ $1 != "$RELEASE" && $1 != "$HOSTNAME" ]] && history_entries "$HISTORY" | jq -es --arg host "$1" --argjson generation "$GENERATION" \
    'any(.[]; .event == "activated" and .release == $host and .generation < $generation)' >/dev/null
}

# is_before_role MOMENT: who takes a lock, or renews it, while this machine is the writer is at work: a person on an earlier one. The role
# is dated in whole seconds, and what was tidying may have been ended in that very one.
is_before_role() {
  local moment
  moment=$(date -d "$1" +%s) && [[ $moment -le $SINCE ]]
}

die_repository() {
  die "$1: $(repository_said)" "$(full_disk_hint)check that the repository can be reached from this machine, and its credentials; run the same command again"
}
