# Logs go to the journal, which outlives a start of the machine and has a bound.
{ config, lib, ... }:
{
  config = lib.mkIf config.services."rec".enable {
    services.journald = {
      storage = "persistent";
      extraConfig = ''
        SystemMaxUse=1G
        SystemKeepFree=2G
        MaxRetentionSec=30day
      '';
      rateLimitInterval = "30s";
      rateLimitBurst = 20000;
    };
    # A core file would hold keys.
    systemd.coredump.enable = false;
  };
}
