#!/usr/bin/env bash
# shellcheck disable=SC2154 # modules/backup.nix sets the folders and the files of who may log in
#
# The database as it was at a moment, beside the real one, made of the newest base backup before it and the archived log.
#
# usage: rec-database-at MOMENT    as "2026-11-21 14:05:00+00"; then: psql --port 5433 DATABASE
#        rec-database-at --stop    ends and removes it
#
# As root.

as_postgres() { runuser --user=postgres -- "$@"; }
stop() {
  as_postgres pg_ctl --pgdata="$target" --mode=immediate --silent stop 2>/dev/null || true
  rm -rf "$target"
}
fail() {
  echo "rec-database-at: $1" >&2
  exit 1
}

[ $# = 1 ] || fail 'which moment? usage: rec-database-at "2026-11-21 14:05:00+00"'
stop
[ "$1" != --stop ] || exit 0
moment=$(date --utc --date="$1" +%s) || fail "$1 is no time"

# A base backup is named for when it began.
base=
for folder in "$backup"/base/*Z; do
  name=${folder##*/}
  begun=$(date --utc --date="${name:0:13}:${name:13:2}:${name:15:2}Z" +%s 2>/dev/null) || continue
  [ "$begun" -ge "$moment" ] || base=$folder
done
[ "$base" ] || fail "there is no base backup from before $1 in $backup/base; rec-base-backup.service makes one a week"

install --directory --owner=postgres --group=postgres --mode=0700 "$target"
as_postgres tar --extract --use-compress-program=zstd --file="$base/base.tar.zst" --directory="$target"
as_postgres touch "$target/recovery.signal"
as_postgres tee "$target/postgresql.conf" >/dev/null <<END
port = 5433
listen_addresses = ''
unix_socket_directories = '/run/postgresql'
hba_file = '$hba'
ident_file = '$ident'
max_connections = 100
archive_mode = off
restore_command = 'zstd --quiet --decompress --force $backup/wal/%f.zst -o %p'
recovery_target_time = '$(date --utc --date="$1" '+%Y-%m-%d %H:%M:%S.%N+00')'
recovery_target_action = 'promote'
END
as_postgres pg_ctl --pgdata="$target" --wait --timeout=600 --silent --log="$target/log" start || {
  tail -n 20 "$target/log" >&2
  fail "it does not start; is the log up to $1 archived already?"
}
echo "the database as of $1, from ${base##*/}: psql --port 5433"
