# shellcheck shell=bash
# What the image knows: /etc/anny/box.env, one NAME=value a line. The value is everything up to the end of the line; it is
# read, never evaluated.

readonly SETTINGS=/etc/anny/box.env
readonly OPT=/opt/anny

declare -r KNOWN_SETTINGS='APP_NAME APP_PORT APP_HEALTH APP_UID APP_STOP_GRACE_MS STATE_VOLUME PUBLIC_NAME ACME_SERVER
 ACME_EMAIL BACKUP_DIR BACKUP_RETENTION_DAYS BACKUP_RECIPIENTS MONITOR_TIMEOUT_MS'

read_settings() {
  local name value
  [[ -r $SETTINGS ]] || die "$SETTINGS is missing" 'this machine was not made from a finished image: bake again'
  while IFS='=' read -r name value; do
    [[ " ${KNOWN_SETTINGS//$'\n'/} " == *" $name "* ]] && declare -g "$name=$value"
  done <"$SETTINGS"
  for name in ${KNOWN_SETTINGS//$'\n'/}; do
    [[ -v $name ]] || die "$SETTINGS has no $name" 'the image was baked by another version: bake again'
  done
  STATE=/var/lib/docker/volumes/$STATE_VOLUME/_data
  CONTAINER=$APP_NAME-$APP_NAME-1
}
