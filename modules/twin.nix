# The simulated exchange and spot venue, for a machine that shows the desk or is tried out.
{
  config,
  lib,
  utils,
  ...
}:
let
  cfg = config.services."rec";
in
{
  config = lib.mkIf (cfg.enable && cfg.twin.enable) {
    # The twin makes the desk's keys at its first start.
    services."rec".credentials = lib.genAttrs [ "read" "write" "guard" ] (scope: {
      keyFile = lib.mkDefault "${cfg.settings.state_dir}/credentials/twin/${scope}.pem";
      idFile = lib.mkDefault "${cfg.settings.state_dir}/credentials/twin/${scope}.id";
    });

    systemd.services.rec-twin = {
      description = "Simulated exchange of REC";
      wantedBy = [ "rec.target" ];
      partOf = [ "rec.target" ];
      requires = [ "rec-secrets.service" ];
      after = [ "rec-secrets.service" ];
      stopIfChanged = false;
      serviceConfig =
        import ./hardening.nix {
          inherit lib;
          ports = [
            (cfg.settings.twin.port or 8090)
            (cfg.settings.twin.spot_port or 8091)
          ];
        }
        // {
          ExecStart = utils.escapeSystemdExecArgs [
            (lib.getExe' cfg.packages."rec" "rec")
            "twin"
            "--config"
            cfg.configFile
          ];
          User = "rec";
          Group = "rec";
          Slice = "rec.slice";
          LoadCredential = [
            "service-token:/run/rec-secrets/service-token"
            "nats-password:/run/rec-secrets/nats-password"
          ];
          ReadWritePaths = [ cfg.settings.state_dir ];
          Restart = "always";
          RestartSec = "1s";
          MemoryMax = "256M";
        };
    };
  };
}
