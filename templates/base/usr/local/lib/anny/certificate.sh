# shellcheck shell=bash
# The certificate: a placeholder of this machine's own until one is issued or carried over.

readonly TLS=/etc/anny/tls
readonly TRUST=/etc/anny/trust.pem
readonly LIVE=$CERTIFICATES/live/$PUBLIC_NAME
readonly RENEW_SECONDS=$((30 * 86400))

# Everything that this machine trusts, for nginx towards a peer and for certbot towards its issuer.
trust_certificates() {
  { cat /etc/ssl/certs/ca-certificates.crt; cat /opt/anny/ca.crt 2>/dev/null || true; } >"$TRUST.new"
  if cmp -s "$TRUST.new" "$TRUST"; then rm -f "$TRUST.new"; else mv -f "$TRUST.new" "$TRUST" && reload_nginx; fi
}

# By signal: at a boot systemd would have the reload wait for anny-box, and anny-box for the reload.
reload_nginx() {
  [ ! -s /run/nginx.pid ] || nginx -q -s reload
}

ensure_placeholder() {
  [ -s "$TLS/placeholder.pem" ] && [ -s "$TLS/placeholder.key" ] && return
  install -d -m 700 "$TLS"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=anny placeholder" \
    -addext "subjectAltName=DNS:$PUBLIC_NAME" -keyout "$TLS/placeholder.key" -out "$TLS/placeholder.pem" 2>/dev/null
}

# Points nginx at the issued certificate where there is one; a reload only when something changed.
use_certificate() {
  local certificate=$TLS/placeholder.pem key=$TLS/placeholder.key
  if [ -s "$LIVE/fullchain.pem" ] && [ -s "$LIVE/privkey.pem" ]; then
    certificate=$LIVE/fullchain.pem key=$LIVE/privkey.pem
  fi
  local sum
  sum=$(cat "$certificate" "$key" | sha256sum)
  [ "$(cat "$TLS/in-use" 2>/dev/null)" = "$sum" ] && return
  ln -sfn "$certificate" "$TLS/fullchain.pem"
  ln -sfn "$key" "$TLS/privkey.pem"
  echo "$sum" >"$TLS/in-use"
  reload_nginx
}

certificate_json() {
  local kind=none issuer="" not_after=0 end
  if [ -e "$TLS/fullchain.pem" ]; then
    kind=placeholder
    [ "$(readlink "$TLS/fullchain.pem")" = "$LIVE/fullchain.pem" ] && kind=issued
    issuer=$(openssl x509 -noout -issuer -nameopt multiline -in "$TLS/fullchain.pem" | sed -n 's/ *commonName *= //p')
    end=$(openssl x509 -noout -enddate -in "$TLS/fullchain.pem")
    not_after=$(date -d "${end#notAfter=}" +%s)
  fi
  jq -cn --arg kind "$kind" --arg name "$PUBLIC_NAME" --arg issuer "$issuer" --argjson notAfter "$not_after" \
    '{kind: $kind, name: $name, issuer: $issuer, notAfter: $notAfter}'
}

verb_certificate() {
  require_role certificate writer
  if [ ! -s "$LIVE/fullchain.pem" ] || ! openssl x509 -noout -checkend "$RENEW_SECONDS" -in "$LIVE/fullchain.pem" >/dev/null; then
    issue_certificate
  fi
  use_certificate
  certificate_json
}

issue_certificate() {
  local contact=(--register-unsafely-without-email)
  [ -z "$ACME_EMAIL" ] || contact=(--email "$ACME_EMAIL")
  if ! REQUESTS_CA_BUNDLE=$TRUST certbot certonly --non-interactive --agree-tos "${contact[@]}" --server "$ACME_SERVER" \
    --webroot --webroot-path /var/www/acme --cert-name "$PUBLIC_NAME" --domain "$PUBLIC_NAME" --key-type ecdsa \
    --force-renewal >"$RUN/certbot.log" 2>&1; then
    fail "certbot: $(grep -E 'Detail|Error|error|urn:' "$RUN/certbot.log" | tail -n 3 | tr '\n' ' ')" \
      "the name must lead here on port 80; then run the same command again (the issuer limits failures: 5 an hour)"
  fi
}
