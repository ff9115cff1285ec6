# shellcheck shell=bash
# The certificate. certbot keeps it under /etc/letsencrypt; nginx reads a verified pair through one link, so that a pull
# that is cut off never leaves a key without its certificate. Before the first is issued a placeholder lets nginx start.

readonly LETSENCRYPT=/etc/letsencrypt
readonly PLACEHOLDER=$LETSENCRYPT/anny-placeholder
readonly PAIRS=/etc/anny/tls
readonly TRUST=/etc/anny/trust.pem
readonly WEBROOT=/var/www/acme
readonly CHALLENGE_SECONDS=10

certificate_kind() {
  if [[ -s $LETSENCRYPT/live/$PUBLIC_NAME/fullchain.pem ]]; then echo issued
  elif [[ -s $PLACEHOLDER/fullchain.pem ]]; then echo placeholder
  else echo none; fi
}

# Where the best pair lies.
lineage() {
  if [[ $(certificate_kind) == issued ]]; then echo "$LETSENCRYPT/live/$PUBLIC_NAME"; else echo "$PLACEHOLDER"; fi
}

make_placeholder() {
  local temporary
  [[ $(certificate_kind) == none ]] || return 0
  temporary=$(mktemp -d "$WORK/tls.XXXXXX")
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=$PUBLIC_NAME" \
    -addext "subjectAltName=DNS:$PUBLIC_NAME" -keyout "$temporary/privkey.pem" -out "$temporary/fullchain.pem"
  rm -rf "$PLACEHOLDER"
  install -d -m 700 "$LETSENCRYPT"
  cp -r "$temporary" "$PLACEHOLDER"
}

# use_certificate: nginx serves the best pair there is and trusts what this machine trusts. Reloads only on a change. Without an
# issued one HTTPS would frighten clients away: then health is told by HTTP, and nothing else (see the site's configuration).
use_certificate() {
  CHANGED=0
  if [[ $(certificate_kind) == issued ]]; then rm -f "$RUN/plain"; else : >"$RUN/plain"; fi
  link_pair "$(lineage)"
  write_trust
  [[ $CHANGED -eq 1 ]] || return 0
  # By signal: at a boot systemd would have the reload wait for anny-box, and anny-box for the reload.
  [[ -s /run/nginx.pid ]] || return 0
  nginx -t
  nginx -s reload
  await_shown "$(openssl x509 -in "$PAIRS/current/fullchain.pem" -noout -fingerprint -sha256)"
}

# await_shown FINGERPRINT: a reload is only asked for; whoever reads the answer of this verb goes by the new certificate.
await_shown() {
  local until=$(($(uptime_ms) + 10000))
  until [[ $(shown_fingerprint) == "$1" ]]; do
    [[ $(uptime_ms) -lt $until ]] || die 'nginx does not show the new certificate' 'anny-bluegreen logs --all shows what nginx says'
    sleep 0.05
  done
}

shown_fingerprint() {
  openssl s_client -connect 127.0.0.1:443 -servername "$PUBLIC_NAME" </dev/null 2>/dev/null |
    openssl x509 -noout -fingerprint -sha256 2>/dev/null || true
}

# link_pair DIRECTORY: nginx reads that pair from now on.
link_pair() {
  local name pair
  name=$(cat "$1/fullchain.pem" "$1/privkey.pem" | sha256sum | cut -c1-16)
  pair=$PAIRS/$name
  if [[ $(readlink "$PAIRS/current" || true) == "$name" ]]; then return; fi
  [[ $(openssl x509 -in "$1/fullchain.pem" -noout -pubkey) == "$(openssl pkey -in "$1/privkey.pem" -pubout)" ]] ||
    die "the key in $1 does not belong to its certificate" 'run the same command again; the pair in use stays'
  install -d -m 700 "$PAIRS" "$pair"
  install -m 600 -- "$1/fullchain.pem" "$1/privkey.pem" "$pair/"
  sync "$pair"/* "$pair"
  ln -sfn "$name" "$PAIRS/.current"
  mv -Tf "$PAIRS/.current" "$PAIRS/current"
  find "$PAIRS" -mindepth 1 -maxdepth 1 -type d ! -name "$name" -exec rm -rf {} +
  CHANGED=1
}

# write_trust: system certificates, the environment's own, and a placeholder that a peer may still show.
write_trust() {
  {
    cat /etc/ssl/certs/ca-certificates.crt
    cat "$OPT/ca.crt" 2>/dev/null || true
    cat "$PLACEHOLDER/fullchain.pem" 2>/dev/null || true
  } >"$WORK/trust"
  if cmp -s "$WORK/trust" "$TRUST"; then return; fi
  write_file "$TRUST" 644 <"$WORK/trust"
  CHANGED=1
}

certificate_json() {
  local kind file said subject issuer
  kind=$(certificate_kind)
  file=$(lineage)/fullchain.pem
  if [[ $kind == none ]]; then
    echo '{"kind":"none","name":"","issuer":"","notAfter":0}'
    return
  fi
  said=$(openssl x509 -in "$file" -noout -issuer -nameopt multiline,utf8 -ext subjectAltName)
  subject=$(grep -o 'DNS:[^,]*' <<<"$said" | head -n 1 || true)
  issuer=$(sed -n 's/^ *\(organizationName\|commonName\) *= //p' <<<"$said" | paste -sd ' ')
  look_at_life "$file"
  jq -cn --arg kind "$kind" --arg name "${subject#DNS:}" --arg issuer "$issuer" --argjson notAfter "$LIFE_END" \
    '{$kind, $name, $issuer, $notAfter}'
}

# look_at_life FILE: sets LIFE_BEGIN and LIFE_END of a certificate, seconds since the epoch.
look_at_life() {
  local said
  said=$(openssl x509 -in "$1" -noout -startdate -enddate)
  LIFE_BEGIN=$(date -d "$(sed -n 's/^notBefore=//p' <<<"$said")" +%s)
  LIFE_END=$(date -d "$(sed -n 's/^notAfter=//p' <<<"$said")" +%s)
}

# life_left_below PARTS: less than one of so many parts of its life is left.
life_left_below() {
  look_at_life "$(lineage)/fullchain.pem"
  [[ $((LIFE_END - $(date +%s))) -lt $(((LIFE_END - LIFE_BEGIN) / $1)) ]]
}

# Renewed when a third of its life is left, as issuers advise: 30 days of 90.
certificate_due() {
  local from
  [[ $(certificate_kind) == issued ]] || return 0
  life_left_below 3 && return 0
  from=$(lineage_server)
  [[ -n $from && $from != "$ACME_SERVER" ]] || return 1
  # Of another issuer than is configured: replaced at once, but never by one that nobody trusts.
  [[ $ACME_SERVER != *staging* || $from == *staging* ]]
}

# Issues by HTTP-01 or renews, when it is time; otherwise nothing happens. `now`: without the pause after a failure; `renew`: although
# it is not time, for a key that leaked.
verb_certificate() {
  local contact=(--register-unsafely-without-email) reason
  require_role writer
  # It may take minutes, and would keep the lock from the verbs that end a hold.
  held && die 'a handover is under way' 'run the same command again when it is over'
  [[ ${1:-now} =~ ^(now|renew)$ ]] || die "'$1' is neither now nor renew" 'anny-box certificate, certificate now, or certificate renew'
  if certificate_due || [[ ${1:-} == renew ]]; then
    require_issuer "${1:-}"
    await_challenge_path
    [[ -z $ACME_EMAIL ]] || contact=(--email "$ACME_EMAIL")
    note_question
    REQUESTS_CA_BUNDLE=$TRUST timeout 240 certbot certonly --non-interactive --agree-tos "${contact[@]}" \
      --server "$ACME_SERVER" --webroot -w "$WEBROOT" -d "$PUBLIC_NAME" --cert-name "$PUBLIC_NAME" --force-renewal || {
      reason=$(grep -iE 'detail|error|problem' "$WORK/output" | tail -n 2 | cut -c1-300 | paste -sd ' ')
      note_answer failed "$reason"
      die "no certificate for $PUBLIC_NAME: $reason" \
        "the issuer must reach http://$PUBLIC_NAME/.well-known/acme-challenge/ on this machine: check the name and port 80; $(next_try_text)"
    }
    note_answer issued
  fi
  use_certificate
  note 'done'
  answer_json "$(certificate_json)"
}

# The way that the issuer will come, through a relay as well: a question that must fail is not asked.
await_challenge_path() {
  local token url until=$(($(uptime_ms) + CHALLENGE_SECONDS * 1000)) said=''
  token=anny-$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
  url=http://$PUBLIC_NAME/.well-known/acme-challenge/$token
  mkdir -p "$WEBROOT/.well-known/acme-challenge"
  printf '%s' "$token" >"$WEBROOT/.well-known/acme-challenge/$token"
  until [[ $said == "$token" || $(uptime_ms) -ge $until ]]; do
    said=$(curl -sS -m 5 "$url" 2>&1) || true
    [[ $said == "$token" ]] || sleep 1
  done
  rm -f "$WEBROOT/.well-known/acme-challenge/$token"
  [[ $said == "$token" ]] || die "http://$PUBLIC_NAME does not lead here: ${said:0:200}" \
    'the issuer was not asked; point the name here (anny-bluegreen settle does), or open port 80, then run the same command again'
}
