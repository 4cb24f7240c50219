# A small machine: memory is compressed before anything is swapped or ended.
{ config, lib, ... }:
{
  config = lib.mkIf config.services."rec".enable {
    zramSwap = {
      enable = lib.mkDefault true;
      memoryPercent = lib.mkDefault 50;
    };
    boot.kernel.sysctl = {
      "vm.swappiness" = lib.mkDefault 100;
      "vm.page-cluster" = lib.mkDefault 0;
    };
    # Whatever builds or collects goes first.
    systemd.services.nix-daemon.serviceConfig.OOMScoreAdjust = lib.mkForce 500;
  };
}
