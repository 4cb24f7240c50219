# What the processes stand on: migrations, the mark of the mode, in mode twin the model; then who may take which role.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  cfg = config.services."rec";
  layout = import ./layout.nix { inherit lib cfg; };
  grants = lib.concatMap (unit: map (role: ''GRANT ${role} TO "${unit.user}";'') unit.roles) (
    builtins.attrValues layout.units
  );
in
{
  config = lib.mkIf cfg.enable {
    systemd.services.rec-prepare = {
      description = "Database and model of REC";
      requires = [
        "postgresql.target"
        "rec-secrets.service"
      ];
      after = [
        "postgresql.target"
        "rec-secrets.service"
      ];
      enableStrictShellChecks = true;
      # A deployment with another `rec` does this again beside the processes, which it must not stop.
      stopIfChanged = false;
      serviceConfig = import ./hardening.nix { inherit lib; } // {
        Type = "oneshot";
        RemainAfterExit = true;
        # A migration may take its time.
        TimeoutStartSec = "15min";
        User = "rec";
        Group = "rec";
        Slice = "rec.slice";
        LoadCredential = [
          "service-token:/run/rec-secrets/service-token"
          "nats-password:/run/rec-secrets/nats-password"
        ];
        ReadWritePaths = [ cfg.settings.state_dir ];
        RestrictAddressFamilies = "AF_UNIX";
        PrivateNetwork = true;
        ExecStart = utils.escapeSystemdExecArgs [
          (lib.getExe' cfg.packages."rec" "rec")
          "prepare"
          "--config"
          cfg.configFile
        ];
        ExecStartPost = utils.escapeSystemdExecArgs [
          (lib.getExe' config.services.postgresql.package "psql")
          "--no-psqlrc"
          "--quiet"
          "--set=ON_ERROR_STOP=1"
          "--dbname=${cfg.settings.database.name}"
          "--file=${pkgs.writeText "rec-grants.sql" (lib.concatLines grants)}"
        ];
      };
    };
  };
}
