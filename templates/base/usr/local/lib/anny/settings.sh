# shellcheck shell=bash
# What the image knows: /etc/anny/box.env, quoted assignments that are rendered at bake.

readonly SETTINGS=/etc/anny/box.env
readonly OPT=/opt/anny

read_settings() {
  local name
  [[ -r $SETTINGS ]] || die "$SETTINGS is missing" 'this machine was not made from a finished image: bake again'
  # shellcheck source=/dev/null
  . "$SETTINGS"
  for name in APP_NAME APP_PORT APP_HEALTH APP_UID STATE_VOLUME PUBLIC_NAME ACME_SERVER ACME_EMAIL ACME_WEEKLY_LIMIT BACKUP_DIR \
    BACKUP_RETENTION_DAYS MONITOR_TIMEOUT_SECONDS; do
    [[ -v $name ]] || die "$SETTINGS has no $name" 'the image was baked by another version: bake again'
  done
  STATE=/var/lib/docker/volumes/$STATE_VOLUME/_data
  CONTAINER=$APP_NAME
}
