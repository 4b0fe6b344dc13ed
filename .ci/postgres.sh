# Debian's Postgres, installed where need be and run on a socket of its own: to be sourced.
#   start_postgres   sets ZOO_TEST_POSTGRES and postgres_directory; fails where there is no server to be had
#   stop_postgres    ends that server
# `bash .ci/postgres.sh pytest tests/registry` runs one command beside a server.

postgres_programs() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

# root may not run a server: Debian's user does then
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

install_postgres() {
  local sudo=""
  [ -n "$(postgres_programs)" ] && return
  command -v apt-get >/dev/null || return
  [ "$(id -u)" = 0 ] || sudo="sudo -n"
  $sudo apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -qq -y \
    --no-install-recommends postgresql >/dev/null
  [ -n "$(postgres_programs)" ]
}

start_postgres() {
  [ -z "${ZOO_TEST_POSTGRES:-}" ] || return 0 # somebody has one
  install_postgres || return 1
  local programs password
  programs=$(postgres_programs)
  postgres_directory=$(mktemp -d /tmp/zoo-ci-postgres-XXXXXX)
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  printf %s "$password" >"$postgres_directory/password"
  chmod 755 "$postgres_directory"
  [ "$(id -u)" != 0 ] || chown -R postgres "$postgres_directory"
  if ! (
    cd "$postgres_directory" &&
      as_postgres "$programs/initdb" -D data -U zoo -E UTF8 --locale=C.UTF-8 --no-sync \
        --auth=scram-sha-256 --pwfile=password >log.txt 2>&1 &&
      as_postgres "$programs/pg_ctl" -D data -w -s -l "$postgres_directory/data/log.txt" \
        -o "-c listen_addresses= -c unix_socket_directories=$postgres_directory -c fsync=off" start
  ); then
    cat "$postgres_directory/log.txt" >&2
    rm -rf "$postgres_directory"
    postgres_directory=""
    return 1
  fi
  export ZOO_TEST_POSTGRES="postgresql+psycopg://zoo:$password@/postgres?host=${postgres_directory//\//%2F}"
}

stop_postgres() {
  [ -n "${postgres_directory:-}" ] || return 0
  (cd "$postgres_directory" && as_postgres "$(postgres_programs)/pg_ctl" -D data -w -s -m fast stop) || true
  rm -rf "$postgres_directory"
  postgres_directory=""
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  set -euo pipefail
  trap stop_postgres EXIT
  start_postgres || { echo "no Postgres here" >&2; exit 1; }
  "$@"
fi
