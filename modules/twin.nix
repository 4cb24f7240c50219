# The simulated exchange and spot venue, for a machine that shows the desk or is tried out.
#
# Its market has a time of its own, which it says when it starts; the desk's processes get it as variables.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services."rec";
  layout = import ./layout.nix { inherit lib cfg; };
  world = "${cfg.settings.state_dir}/twin";
  started = pkgs.writeShellApplication {
    name = "rec-twin-started";
    runtimeInputs = [
      cfg.packages."rec"
      config.systemd.package
    ];
    text = ''
      begin=--fresh
      [ ! -f ${world}/twin-journal.jsonl ] || begin=--resume
      rec twin "$begin" --config ${cfg.configFile} | while read -r word _ _ _ speed _ market _ wall; do
        [ "$word" = desk ] || continue
        {
          echo "REC_CLOCK_SPEED=$speed"
          echo "REC_CLOCK_MARKET_ORIGIN=$market"
          echo "REC_CLOCK_WALL_ORIGIN=$wall"
        } >"$RUNTIME_DIRECTORY/clock.env"
        systemd-notify --ready
      done
    '';
  };
  # Whoever trades on the twin starts again with it, since the time may be another.
  follows = {
    requires = [ "rec-twin.service" ];
    bindsTo = [ "rec-twin.service" ];
    after = [ "rec-twin.service" ];
  };
in
{
  config = lib.mkIf (cfg.enable && cfg.twin.enable) {
    # The twin makes the desk's keys at its first start.
    services."rec" = {
      twin.clockFile = "/run/rec-twin/clock.env";
      credentials = lib.genAttrs [ "read" "write" "guard" ] (scope: {
        keyFile = lib.mkDefault "${cfg.settings.state_dir}/credentials/twin/${scope}.pem";
        idFile = lib.mkDefault "${cfg.settings.state_dir}/credentials/twin/${scope}.id";
      });
    };

    systemd.services = {
      rec-prepare = follows;
      rec-twin = {
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
            Type = "notify";
            NotifyAccess = "all";
            ExecStart = lib.getExe started;
            # Whoever stopped with it is started again; the target alone would not look at them a second time.
            ExecStartPost = "+${lib.getExe' config.systemd.package "systemctl"} start --no-block rec.target";
            User = "rec";
            Group = "rec";
            Slice = "rec.slice";
            LoadCredential = [
              "service-token:/run/rec-secrets/service-token"
              "nats-password:/run/rec-secrets/nats-password"
            ];
            RuntimeDirectory = "rec-twin";
            ReadWritePaths = [ cfg.settings.state_dir ];
            Restart = "always";
            RestartSec = "1s";
            MemoryMax = "256M";
          };
      };
    }
    // lib.mapAttrs' (_: unit: lib.nameValuePair unit.name follows) layout.units;
  };
}
