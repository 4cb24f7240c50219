# The desk's exchange beside it: a simulated one in mode twin, in mode paper a mirror of the real one, which a key reads.
#
# A simulated market has a time of its own, which it says when it starts; the desk's processes get it as variables.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services."rec";
  layout = import ./layout.nix { inherit lib cfg; };
  mirrors = cfg.settings.mode == "paper";
  world = "${cfg.settings.state_dir}/twin";
  mirror = lib.optionalString mirrors ''--mirror --mirror-keys "$CREDENTIALS_DIRECTORY"'';
  keys = "${cfg.settings.state_dir}/credentials/${cfg.settings.mode}";

  # Whoever trades on it starts after it, which makes their keys. Where its time is its own they start again with it.
  follows = {
    wants = [ "rec-twin.service" ];
    after = [ "rec-twin.service" ];
    requires = lib.mkIf (!mirrors) [ "rec-twin.service" ];
    bindsTo = lib.mkIf (!mirrors) [ "rec-twin.service" ];
  };
in
{
  config = lib.mkIf (cfg.enable && cfg.twin.enable) {
    services."rec" = {
      twin.clockFile = lib.mkIf (!mirrors) "/run/rec-twin/clock.env";
      credentials = lib.genAttrs [ "read" "write" "guard" ] (scope: {
        keyFile = lib.mkDefault "${keys}/${scope}.pem";
        idFile = lib.mkDefault "${keys}/${scope}.id";
      });
    };
    users.users.rec-twin = {
      description = "REC trading desk, its exchange";
      isSystemUser = true;
      group = "rec";
    };

    systemd.services = {
      rec-prepare = follows;
      rec-twin = {
        description = if mirrors then "Mirror of the exchange for REC" else "Simulated exchange of REC";
        wantedBy = [ "rec.target" ];
        partOf = [ "rec.target" ];
        requires = [ "rec-secrets.service" ];
        wants = lib.optional mirrors "network-online.target";
        after = [ "rec-secrets.service" ] ++ lib.optional mirrors "network-online.target";
        stopIfChanged = false;
        enableStrictShellChecks = true;
        startLimitIntervalSec = 300;
        startLimitBurst = 30;
        path = [
          cfg.packages."rec"
          config.systemd.package
        ];
        script = ''
          begin=--fresh
          [ ! -f ${world}/twin-journal.jsonl ] || begin=--resume
          rec twin "$begin" ${mirror} --config ${cfg.configFile} | while read -r word _ _ _ speed _ market _ wall; do
            [ "$word" = desk ] || continue
            # A mirror keeps the time of day, and says no other.
            [ -z "$wall" ] || {
              echo "REC_CLOCK_SPEED=$speed"
              echo "REC_CLOCK_MARKET_ORIGIN=$market"
              echo "REC_CLOCK_WALL_ORIGIN=$wall"
            } >"$RUNTIME_DIRECTORY/clock.env"
            systemd-notify --ready
          done
        '';
        serviceConfig =
          import ./hardening.nix {
            inherit lib;
            goesOut = mirrors;
            ports = [
              (cfg.settings.twin.port or 8090)
              (cfg.settings.twin.spot_port or 8091)
            ];
          }
          // {
            Type = "notify";
            NotifyAccess = "all";
            # Whoever stopped with it is started again; the target alone would not look at them a second time.
            ExecStartPost = "+${lib.getExe' config.systemd.package "systemctl"} start --no-block rec.target";
            User = "rec-twin";
            Group = "rec";
            Slice = "rec.slice";
            LoadCredential = [
              "service-token:/run/rec-secrets/service-token"
              "nats-password:/run/rec-secrets/nats-password"
            ]
            ++ lib.optionals mirrors [
              "read.pem:${cfg.credentials.mirror.keyFile}"
              "read.id:${cfg.credentials.mirror.idFile}"
            ];
            RuntimeDirectory = "rec-twin";
            ReadWritePaths = [ cfg.settings.state_dir ];
            WorkingDirectory = "/";
            Restart = "always";
            RestartSec = "1s";
            RestartSteps = 5;
            RestartMaxDelaySec = "30s";
            MemoryMax = "256M";
            MemorySwapMax = "256M";
            OOMPolicy = "stop";
          };
      };
    }
    // lib.mapAttrs' (_: unit: lib.nameValuePair unit.name follows) layout.units;
  };
}
