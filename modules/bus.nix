# NATS on loopback, with a password, keeping nothing on disk.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services."rec";
in
{
  config = lib.mkIf cfg.enable {
    services.nats.enable = true;
    systemd.services.nats = {
      after = [ "rec-secrets.service" ];
      serviceConfig = {
        # The module's own file would be in the store, with the password.
        ExecStart = lib.mkForce "${lib.getExe pkgs.nats-server} --config %d/nats.conf";
        LoadCredential = [ "nats.conf:/run/rec-secrets/nats.conf" ];
        Restart = lib.mkForce "always";
        RestartSec = "1s";
        # It waits two minutes for clients that leave by themselves; ours find it again.
        KillSignal = lib.mkForce "SIGTERM";
        TimeoutStopSec = lib.mkForce "10s";
        Slice = "rec.slice";
        MemoryMax = "96M";
        OOMScoreAdjust = -600;
        IPAddressDeny = "any";
        IPAddressAllow = "localhost";
        LimitCORE = 0;
      };
    };
  };
}
