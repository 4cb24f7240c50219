# Daily dumps for a restore by hand; base backups with archived log for the state of any moment between.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services."rec";
  inherit (cfg.backup) directory keepDays offsite;
  postgres = config.services.postgresql.package;
  wal = "${directory}/wal";

  job = user: description: script: {
    inherit description script;
    requires = [ "postgresql.target" ];
    after = [ "postgresql.target" ];
    enableStrictShellChecks = true;
    path = [
      cfg.packages."rec"
      postgres
      pkgs.coreutils
      pkgs.findutils
      pkgs.zstd
    ];
    serviceConfig = import ./hardening.nix { inherit lib; } // {
      Type = "oneshot";
      User = user;
      Group = if user == "postgres" then "postgres" else "rec";
      UMask = "0027";
      RestrictAddressFamilies = "AF_UNIX";
      PrivateNetwork = true;
      ReadWritePaths = [ directory ];
      CPUSchedulingPolicy = "batch";
      IOSchedulingClass = "idle";
      MemoryMax = "256M";
      TimeoutStartSec = "1h";
    };
  };
  # The copy lets in whom the real one lets in.
  databaseAt = pkgs.writeShellApplication {
    name = "rec-database-at";
    runtimeInputs = [
      postgres
      pkgs.coreutils
      pkgs.gnutar
      pkgs.util-linux
      pkgs.zstd
    ];
    text = ''
      backup=${directory}
      target=/var/lib/postgresql/rec-at-a-moment
      hba=${pkgs.writeText "pg_hba.conf" config.services.postgresql.authentication}
      ident=${pkgs.writeText "pg_ident.conf" config.services.postgresql.identMap}
      ${builtins.readFile ./database-at.sh}
    '';
  };
  nightly = at: {
    wantedBy = [ "timers.target" ];
    timerConfig = {
      OnCalendar = at;
      Persistent = true;
      RandomizedDelaySec = "5min";
    };
  };
  folder = user: group: {
    d = {
      inherit user group;
      mode = "0750";
    };
  };
in
{
  config = lib.mkIf (cfg.enable && cfg.backup.enable) {
    environment.systemPackages = [ databaseAt ];

    systemd.tmpfiles.settings."10-rec-backup" = {
      ${directory} = {
        d = {
          user = "root";
          group = "root";
          mode = "0755";
        };
      };
      "${directory}/dump" = folder "rec" "rec";
      "${directory}/base" = folder "postgres" "postgres";
      ${wal} = folder "postgres" "postgres";
    };

    systemd.services.rec-backup = lib.mkMerge [
      (job "rec" "Dump of REC's database" ''
        rec db backup --config ${cfg.configFile} \
          "${directory}/dump/${cfg.settings.database.name}-$(date --utc +%Y-%m-%dT%H%M%SZ).dump"
        find ${directory}/dump \( -name '*.dump' -o -name '*.dump.json' \) -mtime +${toString keepDays} -delete
        find ${directory}/dump -name '*.part' -mmin +120 -delete
      '')
      {
        requires = [ "rec-secrets.service" ];
        after = [ "rec-secrets.service" ];
        serviceConfig.LoadCredential = [
          "service-token:/run/rec-secrets/service-token"
          "nats-password:/run/rec-secrets/nats-password"
        ];
      }
    ];
    systemd.timers.rec-backup = nightly "02:15";

    systemd.services.rec-base-backup = job "postgres" "Base backup of REC's database cluster" ''
      name=${directory}/base/$(date --utc +%Y-%m-%dT%H%M%SZ)
      pg_basebackup --host=/run/postgresql --pgdata="$name.part" --format=tar --compress=server-zstd:3 \
        --wal-method=none --checkpoint=fast
      mv "$name.part" "$name"
      find ${directory}/base -mindepth 1 -maxdepth 1 -mtime +${toString keepDays} -exec rm -r {} +
      # Log older than the oldest base backup serves nothing.
      find ${wal} -type f -mtime +${toString (keepDays + 8)} -delete
    '';
    systemd.timers.rec-base-backup = nightly "Sun 03:15";

    services.postgresql.settings = {
      archive_mode = "on";
      archive_timeout = 60;
      archive_command =
        toString (
          pkgs.writeShellScript "rec-archive" ''
            set -eu
            # $1: the finished piece of log. $2: its name. A piece that is archived already is not written again.
            target=${wal}/$2.zst
            [ ! -e "$target" ] || exit 0
            # Not `-o`, with which zstd would change the file's owner: the sandbox of Postgres ends whoever tries.
            ${lib.getExe pkgs.zstd} --quiet --stdout -3 "$1" >"$target.part"
            ${lib.getExe' pkgs.coreutils "sync"} "$target.part"
            ${lib.getExe' pkgs.coreutils "mv"} "$target.part" "$target"
          ''
        )
        + " %p %f";
    };
    systemd.services.postgresql.serviceConfig.ReadWritePaths = [ wal ];

    systemd.services.restic-backups-rec = lib.mkIf (offsite != null) {
      # Nothing is copied that is still being written.
      after = [
        "rec-backup.service"
        "rec-base-backup.service"
      ];
      # Its module leaves it open. It reads folders of others, and writes its cache.
      serviceConfig =
        import ./hardening.nix {
          inherit lib;
          goesOut = true;
        }
        // {
          CapabilityBoundingSet = "CAP_DAC_READ_SEARCH";
          UMask = "0077";
          PrivateUsers = false;
          CPUSchedulingPolicy = "batch";
          IOSchedulingClass = "idle";
          MemoryMax = "512M";
        };
    };
    services.restic.backups = lib.mkIf (offsite != null) {
      "rec" = {
        inherit (offsite) repository passwordFile environmentFile;
        initialize = true;
        paths = [ directory ];
        timerConfig = {
          OnCalendar = "03:45";
          Persistent = true;
          RandomizedDelaySec = "10min";
        };
        pruneOpts = [
          "--keep-daily 14"
          "--keep-weekly 8"
          "--keep-monthly 12"
        ];
        runCheck = true;
      };
    };
  };
}
