# shellcheck shell=bash
# State travels directly between two machines: an rsync daemon over SSH, read-only, behind a key made for this once, which
# sshd lets run nothing else, and a host key that is known.

readonly PULL_KEY=$RUN/pull-key
# What sshd reads besides deploy's own keys.
readonly PULL_KEYS=/etc/anny/pull_keys
readonly ADMIT_SECONDS=900

verb_pull_key() {
  require_role candidate relay
  forget_pull_key
  ssh-keygen -q -t ed25519 -N '' -C anny-pull -f "$PULL_KEY"
  answer_json "$(jq -cn --arg publicKey "$(cut -d' ' -f1,2 "$PULL_KEY.pub")" '{$publicKey}')"
}

verb_admit() {
  local key=${1:-} address=${2:-}
  require_role writer
  [[ $key =~ ^ssh-ed25519\ [A-Za-z0-9+/=]{60,80}$ ]] || die 'this is no ed25519 public key' 'anny-box pull-key makes one'
  require_address "$address"
  printf 'restrict,command="sudo -n /usr/local/sbin/anny-box serve-pull",from="%s",expiry-time="%s" %s\n' "$address" \
    "$(date -d "+$ADMIT_SECONDS seconds" +%Y%m%d%H%M%S)" "$key" | write_file "$PULL_KEYS" 644
  answer_done
}

# What sshd runs for an admitted key, whatever the other side asks for.
verb_serve_pull() {
  require_role writer
  [[ -s $PULL_KEYS ]] || die 'nobody is admitted' 'anny-box admit first'
  install -d -m 700 "$LETSENCRYPT"
  exec 1>&3 3>&-
  rsync --server --daemon --config=/etc/anny/rsyncd.conf .
}

verb_pull() {
  local address=${1:-} host_key=${2:-} found
  require_role candidate relay
  require_address "$address"
  [[ $host_key =~ ^ssh-ed25519\ [A-Za-z0-9+/=]{60,80}$ ]] || die 'this is no ed25519 host key' 'the writer tells its own in status'
  [[ -s $PULL_KEY ]] || die 'this machine has no key to pull with' 'anny-box pull-key, then admit it on the writer'
  require_stopped
  printf '%s %s\n' "$address" "$host_key" >"$RUN/pull-hosts"
  fresh_beside
  trap 'rm -rf "$NEXT"; end_answer' EXIT
  # From here what is pulled no longer fits what was written down.
  if [[ -n $PULLED_FROM$TAKEOVER_FROM ]]; then forget_takeover; fi
  fetch "$address" state "$NEXT/" --link-dest="$STATE"
  found=$(manifest "$NEXT")
  fetch "$address" history "$WORK/history/"
  fetch "$address" certificate "$WORK/letsencrypt/"
  swap_state
  [[ ! -s $WORK/history/history.jsonl ]] || adopt_history "$WORK/history/history.jsonl"
  adopt_certificate "$WORK/letsencrypt"
  PULLED_FROM=$address
  save_role
  note "state is $found"
  answer_json "$found"
}

# fetch ADDRESS MODULE DIRECTORY [OPTION...]
fetch() {
  local ssh="ssh -F /dev/null -i $PULL_KEY -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes \
-o UserKnownHostsFile=$RUN/pull-hosts -o GlobalKnownHostsFile=/dev/null -o HostKeyAlgorithms=ssh-ed25519 \
-o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3 -o ControlMaster=auto \
-o ControlPath=$RUN/pull-%C -o ControlPersist=120"
  # The shared connection outlives the verb, and must not keep its lock nor its caller's stdout.
  RSYNC_CONNECT_PROG='' rsync -aHAXS --numeric-ids --delete --modify-window=-1 --timeout=60 -e "$ssh" "${@:4}" \
    "deploy@$1::$2/" "$3" 3>&- 9>&- ||
    die "copying the $2 from $1 failed: $(grep -v '^$' "$WORK/output" | tail -n 3 | cut -c1-200 | paste -sd '|')" \
      "$(full_disk_hint)the state here is as it was; run the same command again"
}

adopt_certificate() {
  install -d -m 700 "$LETSENCRYPT"
  # Compared by content: two machines make placeholders of one size in the same second. What certbot would run, or what leads
  # elsewhere, stays out.
  rsync -a --checksum --safe-links --delete --exclude=/renewal-hooks --exclude=/cli.ini "$1/" "$LETSENCRYPT/"
  make_placeholder
  use_certificate
}

# The private half of a one-time key goes when its use is over.
forget_pull_key() {
  rm -f "$PULL_KEY" "$PULL_KEY.pub"
}

forget_takeover() {
  PULLED_FROM='' TAKEOVER_FROM='' TAKEOVER_AT=0
  save_role
  flag_off takeover
}

# Written down only once the app is healthy: before, the peer cannot have committed.
verb_takeover() {
  local peer=${1:-} seconds=${2:-}
  require_role candidate relay
  require_address "$peer"
  require_number "$seconds" 1 3600 'the seconds to wait for the app'
  [[ $PULLED_FROM == "$peer" ]] ||
    die "the state on this machine did not come from $peer" 'pull from it first; starting the app uses a pulled state up'
  start_app
  wait_healthy "$seconds" || {
    stop_app
    # It may have written.
    forget_takeover
    die_unhealthy "$seconds"
  }
  TAKEOVER_FROM=$peer TAKEOVER_AT=$(date +%s)
  save_role
  mkdir -p "$RUN/takeover"
  touch "$RUN/takeover/$peer"
  trust_relays
  answer_health
}
