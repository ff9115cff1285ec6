# shellcheck shell=bash
# After a start of the machine. /run is empty: flags are made again from the role file before nginx starts.

readonly ASK_AGAIN_SECONDS=2

# Before nginx. A writer serves nothing yet: whether it still is the writer is for `serve` to find out.
verb_boot() {
  mkdir -p "$RUN"/{mode,takeover,trust,pass} "$LIB" "${RELAYED_LOG%/*}"
  # What a verb that lost its power left behind; and nobody is admitted any more.
  rm -rf "$LIB"/.new.* "$OPT"/.new.* "$OPT"/{secrets,backup}/.new.* /etc/anny/.new.* "$PULL_KEYS"
  make_placeholder
  use_certificate
  if [[ $ROLE == writer ]]; then
    say_who_answers
    trust_relays
  else
    apply_role
  fi
  note "started as $ROLE"
  # It needs nginx, which waits for this.
  if [[ $ROLE == writer || -n $TAKEOVER_FROM ]]; then systemctl start --no-block anny-serve.service; fi
}

# Once Docker, nginx and the network are there.
verb_serve() {
  case $ROLE in
    writer)
      await_name
      take_lock serve
      load_role
      [[ $ROLE == writer ]] || return 0
      # Requests wait while the app starts; at the first try only.
      [[ -e $RUN/mode/writer ]] || touch "$RUN/mode/hold"
      # The power may have gone between the role file and the history.
      remember activated || note 'the history could not be written'
      resume_writer || { app_running || die_unhealthy "$START_SECONDS"; } ;;
    candidate | relay)
      [[ -n $TAKEOVER_FROM ]] || return 0
      # The peer may have committed meanwhile; what it sends must find the app. Nobody else's requests do.
      take_lock serve
      load_role
      [[ -n $TAKEOVER_FROM && $ROLE != writer ]] || return 0
      start_app
      wait_healthy "$START_SECONDS" || note "the app is not healthy: HTTP $HEALTH_STATUS"
      touch "$RUN/takeover/$TAKEOVER_FROM" ;;
  esac
}

# No proof, no serving: a machine that was powered off while another one took its place must not write. An answer that
# cannot be had (no name, no network) is asked for again for as long as it takes; `activate` by the operator ends it too.
await_name() {
  local said=''
  until name_leads_here; do
    if [[ $SAID != "$said" ]]; then
      said=$SAID
      note "not serving: $said"
    fi
    load_role
    [[ $ROLE == writer && ! -e $RUN/mode/writer ]] || return 0
    sleep "$ASK_AGAIN_SECONDS"
  done
}

# Sets SAID. Whoever answers, only its id counts; the certificate may be a placeholder. A later writer of the same state that
# the name leads to ends this one for good, if it shows the name's certificate.
# A name that leads to a reserved address: a machine that has not made it its own yet gets no answer from itself there. Where the
# platform says that it leads here, no answer is the right one; another machine's counts all the same, should the platform be late.
name_leads_here() {
  local id generation role here=no patience=5 proven=yes url=https://$PUBLIC_NAME/.well-known/anny/writer
  if address_leads_here; then here=yes patience=2; fi
  SAID=$(curl -sS -m "$patience" --cacert "$TRUST" "$url" 2>/dev/null) || {
    proven=no
    SAID=$(curl -sS -m "$patience" -k "$url" 2>&1) || {
      [[ $here == no ]] || return 0
      SAID="$PUBLIC_NAME does not answer: ${SAID:0:200}"
      return 1
    }
  }
  read -r id generation role <<<"$SAID" || true
  [[ $id =~ ^[0-9a-f]{32}$ ]] || { SAID="$PUBLIC_NAME leads to something else"; return 1; }
  [[ $id != "$(machine_id)" ]] || return 0
  if [[ $proven == yes && $role == writer && $generation =~ ^[0-9]{1,9}$ && $generation -gt $GENERATION ]]; then
    take_lock serve
    load_role
    # The operator may have decided otherwise meanwhile.
    if [[ $ROLE == writer && ! -e $RUN/mode/writer ]]; then
      become fenced
      apply_role
    fi
    exec 9>&-
  fi
  SAID="$PUBLIC_NAME leads to another machine ($role, generation $generation; this one is $GENERATION)"
  return 1
}
