# Every week the newest dump is restored into a cluster that is thrown away, and the program looks whether it knows it.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services."rec";
  name = cfg.settings.database.name;
  postgres = config.services.postgresql.package;
in
{
  config = lib.mkIf (cfg.enable && cfg.backup.enable) {
    systemd.services.rec-restore-drill = {
      description = "Restore of REC's newest dump into a scratch cluster";
      enableStrictShellChecks = true;
      path = [
        postgres
        cfg.packages."rec"
      ];
      environment = {
        REC_DB_USER = "rec";
        HOME = "/var/empty";
      };
      script = ''
        newest=
        for dump in ${cfg.backup.directory}/dump/*.dump; do
          [ ! -e "$dump" ] || newest=$dump
        done
        [ -n "$newest" ] || { echo "there is no dump in ${cfg.backup.directory}/dump yet; rec-backup.service makes one" >&2; exit 1; }

        scratch=$CACHE_DIRECTORY/cluster
        socket=$RUNTIME_DIRECTORY
        rm -rf "$scratch"
        trap 'pg_ctl --pgdata="$scratch" --mode=immediate stop >/dev/null 2>&1 || true; rm -rf "$scratch"' EXIT
        initdb --pgdata="$scratch" --username=rec --auth-local=peer --no-sync --encoding=UTF8 --locale=C >/dev/null
        pg_ctl --pgdata="$scratch" --wait --silent \
          --options="-c listen_addresses= -c unix_socket_directories=$socket -c fsync=off" start

        # The roles belong to the cluster and are not in the dump: the migrations of an empty database make them.
        createdb --host="$socket" --username=rec roles
        REC_DB_HOST=$socket REC_DB_NAME=roles rec db migrate --config ${cfg.configFile}
        createdb --host="$socket" --username=rec ${name}
        pg_restore --host="$socket" --username=rec --dbname=${name} --exit-on-error "$newest"
        # The program brings the restored database up to date, or says why it does not know it.
        REC_DB_HOST=$socket rec db migrate --config ${cfg.configFile}
        echo "restored $newest"
      '';
      serviceConfig = import ./hardening.nix { inherit lib; } // {
        Type = "oneshot";
        User = "rec";
        Group = "rec";
        LoadCredential = [
          "service-token:/run/rec-secrets/service-token"
          "nats-password:/run/rec-secrets/nats-password"
        ];
        CacheDirectory = "rec-restore-drill";
        CacheDirectoryMode = "0700";
        RuntimeDirectory = "rec-restore-drill";
        RuntimeDirectoryMode = "0700";
        RestrictAddressFamilies = "AF_UNIX";
        PrivateNetwork = true;
        # Postgres shares memory between its processes.
        MemoryMax = "512M";
        CPUSchedulingPolicy = "batch";
        IOSchedulingClass = "idle";
        TimeoutStartSec = "15min";
      };
    };
    systemd.timers.rec-restore-drill = {
      wantedBy = [ "timers.target" ];
      timerConfig = {
        OnCalendar = "Sun 04:30";
        Persistent = true;
      };
    };
  };
}
