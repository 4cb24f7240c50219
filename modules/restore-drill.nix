# Every week the newest dump is restored into a cluster that is thrown away; its rows are counted and its books checked.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services."rec";
  postgres = config.services.postgresql.package;
in
{
  config = lib.mkIf (cfg.enable && cfg.backup.enable) {
    systemd.services.rec-restore-drill = {
      description = "Restore of REC's newest dump into a scratch cluster";
      # Started together, the dump comes first.
      after = [ "rec-backup.service" ];
      enableStrictShellChecks = true;
      path = [
        postgres
        cfg.packages."rec"
      ];
      script = ''
        newest=
        for dump in ${cfg.backup.directory}/dump/${cfg.settings.database.name}-*.dump; do
          [ ! -e "$dump" ] || newest=$dump
        done
        [ -n "$newest" ] || { echo "there is no dump in ${cfg.backup.directory}/dump yet; rec-backup.service makes one" >&2; exit 1; }

        # The socket's folder has to be short, and the cluster needs room.
        export XDG_RUNTIME_DIR=$RUNTIME_DIRECTORY
        exec rec db verify "$newest" --scratch "$CACHE_DIRECTORY" --config ${cfg.configFile}
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
