# The processes of the desk.
{
  config,
  lib,
  utils,
  ...
}:
let
  cfg = config.services."rec";
  layout = import ./layout.nix { inherit lib cfg; };

  # The most memory of each, and who goes last when there is too little: whoever can still stop a loss.
  limits = {
    guard = {
      memory = "64M";
      oom = -900;
    };
    executor = {
      memory = "128M";
      oom = -800;
    };
    desk = {
      memory = "512M";
      oom = -700;
    };
    account = {
      memory = "128M";
      oom = -500;
    };
    monitor = {
      memory = "128M";
      oom = -300;
    };
    web = {
      memory = "192M";
      oom = 0;
    };
  };

  secretsOf =
    unit:
    let
      needed =
        lib.optional (builtins.elem "trade-manager" unit.members) "totp"
        ++ lib.optional (builtins.elem "system-monitor" unit.members) "heartbeat-url"
        ++ lib.concatMap (scope: [
          "${scope}.pem"
          "${scope}.id"
        ]) unit.credentials;
    in
    [ "service-token:/run/rec-secrets/service-token" ]
    ++ lib.optional unit.needsBus "nats-password:/run/rec-secrets/nats-password"
    ++ map (name: "${name}:${layout.secrets.${name}}") (
      builtins.filter (name: layout.secrets ? ${name}) needed
    );

  service =
    _: unit:
    let
      onSocket = builtins.elem "main-app" unit.members && cfg.page.socketActivation;
      # Wanted and not required: what requires it is stopped whenever it is done again. A process that finds no schema of its
      # own ends and tries again, which does this again too.
      prepared = lib.optional unit.needsDatabase "rec-prepare.service";
      database = lib.optional unit.needsDatabase "postgresql.target";
    in
    lib.nameValuePair unit.name {
      inherit (unit) description;
      documentation = [ "file:${cfg.configFile}" ];
      wantedBy = [ "rec.target" ];
      partOf = [ "rec.target" ];
      requires = [ "rec-secrets.service" ] ++ database;
      wants =
        prepared
        ++ lib.optional unit.goesOut "network-online.target"
        ++ lib.optional unit.needsBus "nats.service";
      after = [
        "rec-secrets.service"
      ]
      ++ database
      ++ prepared
      ++ lib.optional unit.goesOut "network-online.target"
      ++ lib.optional unit.needsBus "nats.service"
      ++ map (other: "${other}.service") unit.after
      ++ lib.optional onSocket "${unit.name}.socket";

      # A deployment starts a changed process again at the end, instead of stopping it for the whole of it.
      stopIfChanged = false;
      enableStrictShellChecks = true;
      startLimitIntervalSec = 300;
      startLimitBurst = 30;

      environment = {
        # The database knows each process by its system user.
        REC_DB_USER = unit.user;
      };

      serviceConfig =
        import ./hardening.nix {
          inherit lib;
          inherit (unit) goesOut;
          ports = lib.optionals (!onSocket) unit.ports;
        }
        // {
          Type = "notify";
          NotifyAccess = "main";
          WatchdogSec = "15s";
          TimeoutStartSec = "60s";
          TimeoutStopSec = "30s";
          ExecStart = utils.escapeSystemdExecArgs [
            (lib.getExe' unit.package unit.program)
            "--config"
            cfg.configFile
          ];
          User = unit.user;
          Group = "rec";
          Slice = "rec.slice";
          LoadCredential = secretsOf unit;
          ReadWritePaths = [ cfg.settings.state_dir ];
          RuntimeDirectory = unit.name;
          LogsDirectory = unit.name;
          LogsDirectoryMode = "0750";
          WorkingDirectory = "/";

          Restart = "always";
          RestartSec = "1s";
          RestartSteps = 5;
          RestartMaxDelaySec = "30s";

          EnvironmentFile = lib.optional (cfg.twin.clockFile != null) cfg.twin.clockFile;

          MemoryMax = limits.${unit.kind}.memory;
          MemorySwapMax = limits.${unit.kind}.memory;
          OOMScoreAdjust = limits.${unit.kind}.oom;
          OOMPolicy = "stop";
        };
    };
in
{
  config = lib.mkIf cfg.enable {
    systemd.targets."rec" = {
      description = "REC trading desk";
      wantedBy = [ "multi-user.target" ];
    };
    systemd.slices."rec" = {
      description = "REC trading desk";
      sliceConfig = {
        MemoryHigh = "900M";
        MemoryMax = "1200M";
        CPUWeight = 500;
      };
    };
    systemd.services = lib.mapAttrs' service layout.units;
  };
}
