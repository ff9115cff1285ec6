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
  answer_json "{\"publicKey\":\"$(cut -d' ' -f1,2 "$PULL_KEY.pub")\"}"
}

verb_admit() {
  local key=${1:-} address=${2:-}
  require_role writer
  [[ $key =~ ^ssh-ed25519\ [A-Za-z0-9+/=]{60,80}$ ]] || die 'this is no ed25519 public key' 'anny-box pull-key makes one'
  require_address "$address"
  printf 'restrict,command="sudo -n /usr/local/sbin/anny-box serve-pull",from="%s",expiry-time="%s" %s\n' "$address" \
    "$(date -d "+$ADMIT_SECONDS seconds" +%Y%m%d%H%M%S)" "$key" | write_file "$PULL_KEYS" 644
  # Most likely it relays there next, and requests wait then.
  systemctl start --no-block "anny-peer@$address.service"
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
  require_host_key "$host_key"
  require_stopped
  # From here what is pulled no longer fits what was written down.
  if [[ -n $TAKEOVER_FROM ]]; then forget_takeover; fi
  fetch_state "$address" "$host_key"
  found=$(manifest "$NEXT")
  fetch_beside "$address"
  if [[ $ROLE == relay ]]; then keep_ahead; else swap_state; fi
  require_room_to_take_over
  adopt_beside "$address"
  # New secrets: the next takeover finds the container made, since requests wait for it.
  if [[ -e $REMAKE && $APP_MADE == yes ]]; then
    make_container
    rm -rf "$RUN/app"
  fi
  note "state is $found"
  answer_json "$found"
}

# fetch_state ADDRESS HOSTPUBLICKEY [OPTION...]: into NEXT, which is gone again when this verb ends without having used it.
fetch_state() {
  local -a links=()
  [[ -s $PULL_KEY ]] || die 'this machine has no key to pull with' 'anny-box pull-key, then admit it on the writer'
  printf '%s %s\n' "$1" "$2" >"$RUN/pull-hosts"
  fresh_beside
  trap 'rm -rf "$NEXT"; end_answer' EXIT
  # Of what a candidate has others have more.
  if [[ $ROLE == relay ]]; then begin_apart; else links=(--link-dest="$STATE"); fi
  fetch "$1" state "$NEXT/" "${links[@]}" "${@:3}"
}

fetch_beside() {
  fetch "$1" history "$WORK/history/"
  fetch "$1" certificate "$WORK/letsencrypt/"
}

# adopt_beside ADDRESS: and writes down what it was, so that a takeover knows whether it has changed since.
adopt_beside() {
  local digest
  digest=$(beside_digest "$WORK/history/history.jsonl" "$WORK/letsencrypt")
  rm -f "$RUN/beside"
  [[ ! -s $WORK/history/history.jsonl ]] || adopt_history "$WORK/history/history.jsonl"
  adopt_certificate "$WORK/letsencrypt"
  save_role
  echo "$1 $digest" >"$RUN/beside"
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

# The private half of a one-time key goes when its use is over, and with it what was pulled ahead.
forget_pull_key() {
  rm -f "$PULL_KEY" "$PULL_KEY.pub" "$RUN/beside"
  forget_ahead
}

forget_takeover() {
  TAKEOVER_FROM='' TAKEOVER_AT=0 TAKEOVER_DIGEST=''
  save_role
  flag_off takeover
}

# takeover PEER HOSTPUBLICKEY SECONDS DIGEST BESIDE: the difference, and the app on it. What was pulled ahead is there already.
verb_takeover() {
  local peer=${1:-} host_key=${2:-} seconds=${3:-} digest=${4:-} beside=${5:-}
  require_role candidate relay
  require_address "$peer"
  require_host_key "$host_key"
  require_number "$seconds" 1 3600 'the seconds to wait for the app'
  [[ "$digest $beside" =~ ^[0-9a-f]{64}\ [0-9a-f]{64}$ ]] || die 'these are no checksums' 'the writer tells them in hold'
  if [[ -n $TAKEOVER_FROM ]]; then
    [[ "$TAKEOVER_FROM $TAKEOVER_DIGEST" == "$peer $digest" ]] ||
      die "this machine has taken over other data, from $TAKEOVER_FROM" 'anny-box stop first'
    start_app
    # Not stopped: the peer may have committed.
    wait_healthy "$seconds" || die_unhealthy "$seconds"
  else
    require_stopped
    pull_difference "$peer" "$host_key" "$digest" "$beside"
    start_on_difference "$seconds"
    # Only once the app is healthy: before, the peer cannot have committed.
    TAKEOVER_FROM=$peer TAKEOVER_AT=$(date +%s) TAKEOVER_DIGEST=$digest
    save_role
    pass_state
  fi
  mkdir -p "$RUN"/{takeover,trust}
  : >"$RUN/trust/$peer"
  : >"$RUN/takeover/$peer"
  answer_health
  # The next verb here waits for it, and no request does.
  forget_outgoing 3>&- &
}

# Changed files are synced one by one as they come, so that nothing else has to be before the app starts.
pull_difference() {
  local found
  fetch_state "$1" "$2" --fsync
  found=$(manifest "$NEXT")
  [[ $(manifest_digest "$found") == "$3" ]] ||
    die "what arrived from $1 is not what it left: another checksum" \
      'nothing was moved, and the state here is as it was; run the same command again'
  if [[ $(cat "$RUN/beside" 2>/dev/null || true) != "$1 $4" ]]; then
    fetch_beside "$1"
    adopt_beside "$1"
  fi
  note "state is $found"
}

# The new state is on the disk for good before anybody is told that it may be relied on; the app starts meanwhile. One that does not
# come up on it may have spoilt it.
start_on_difference() {
  local syncing
  exchange_state "$BEFORE"
  sync -f "$STATE" 3>&- &
  syncing=$!
  if ! { start_container && wait_healthy "$1"; }; then
    fail_takeover
    die_unhealthy "$1"
  fi
  wait "$syncing" || {
    fail_takeover
    die 'the state could not be written to the disk for good' "$(full_disk_hint)run the same command again"
  }
}

fail_takeover() {
  stop_app
  wait
  put_back_state
}
