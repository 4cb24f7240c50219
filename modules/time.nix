# The exchange refuses signatures of another time, and the desk halts when its clock is a second off.
{ config, lib, ... }:
{
  config = lib.mkIf config.services."rec".enable {
    services.chrony.enable = lib.mkDefault true;
    time.timeZone = lib.mkDefault "UTC";
  };
}
