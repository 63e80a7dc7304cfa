#!/usr/bin/env bash
# A PostgreSQL server of the tests' own: on a free port of loopback, in a folder that is removed again.
#
#   export MONITOR_TEST_POSTGRES_URL="$(tests/postgres.sh start FOLDER)"
#   tests/postgres.sh stop FOLDER
#
# Installs the server if it is missing and this user is root (apt-get). PostgreSQL refuses to run as root: then it
# runs as the user "postgres" or "nobody".
set -euo pipefail

say() { echo "postgres.sh: $*" >&2; }

find_tools() {
  local folder
  for folder in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/pgsql/bin; do
    if [ -x "$folder/initdb" ]; then tools="$folder"; fi
  done
  if [ -z "${tools:-}" ] && command -v initdb >/dev/null; then tools="$(dirname "$(command -v initdb)")"; fi
  [ -n "${tools:-}" ]
}

install_server() {
  find_tools && return
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "no PostgreSQL server found: install it (Debian: apt-get install postgresql)"
    exit 69
  fi
  say "installing PostgreSQL"
  export DEBIAN_FRONTEND=noninteractive
  # no cluster of the distribution's: the tests make their own
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  { apt-get -qq update && apt-get -qq install -y --no-install-recommends postgresql postgresql-client; } >&2
  find_tools || { say "the installation brought no initdb"; exit 69; }
}

as_server() {
  if [ "$(id -u)" = 0 ]; then
    (cd / && setpriv --reuid="$owner" --regid="$(id -g "$owner")" --clear-groups env HOME=/tmp "$@")
  else
    "$@"
  fi
}

find_owner() {
  owner="$(id -un)"
  if [ "$owner" = root ]; then
    owner=nobody
    if id postgres >/dev/null 2>&1; then owner=postgres; fi
  fi
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start() {
  local folder="$1" port
  install_server
  find_owner
  mkdir -p "$folder"
  folder="$(cd "$folder" && pwd)"
  if [ "$(id -u)" = 0 ]; then chown "$owner" "$folder"; fi
  if [ ! -e "$folder/data/PG_VERSION" ]; then
    as_server "$tools/initdb" --pgdata="$folder/data" --username=monitor --auth=trust --encoding=UTF8 --no-locale \
      --no-sync >"/dev/null"
  fi
  port="$(free_port)"
  # What makes tests quick would lose data in a power cut: for tests only.
  as_server "$tools/pg_ctl" --pgdata="$folder/data" --wait --timeout=60 --log="$folder/log" --options="-c port=$port \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=${MONITOR_TEST_POSTGRES_FSYNC:-off} \
    -c shared_buffers=${MONITOR_TEST_POSTGRES_BUFFERS:-64MB} -c max_connections=100 -c autovacuum_naptime=5s" start >/dev/null
  as_server "$tools/createdb" --host=127.0.0.1 --port="$port" --username=monitor monitor_test 2>/dev/null || true
  echo "postgresql://monitor@127.0.0.1:$port/monitor_test"
}

stop() {
  local folder
  find_tools || exit 0
  find_owner
  folder="$(cd "$1" && pwd)"
  as_server "$tools/pg_ctl" --pgdata="$folder/data" --mode=fast --wait stop >/dev/null || true
  rm -rf "$folder"
}

case "${1:-}:${2:-}" in
  start:?*) start "$2" ;;
  stop:?*) stop "$2" ;;
  *) say "usage: $0 start FOLDER | stop FOLDER"; exit 2 ;;
esac
