# A DigitalOcean droplet made from a stock image: the address comes from the provider's metadata, and nothing else does.
{ lib, modulesPath, ... }:
{
  imports = [
    (modulesPath + "/virtualisation/digital-ocean-config.nix")
    (modulesPath + "/profiles/minimal.nix")
  ];

  # The provider's module would rebuild the machine from whatever its user data says, and take keys and passwords there.
  virtualisation.digitalOcean = {
    rebuildFromUserData = false;
    setSshKeys = false;
    setRootPassword = false;
    seedEntropy = false;
  };
  services.do-agent.enable = false;

  # Both that module and the disk layout name the disk.
  boot.loader.grub = {
    devices = lib.mkForce [ "/dev/vda" ];
    configurationLimit = 8;
    splashImage = null;
  };
  boot.tmp.cleanOnBoot = true;

  # No DHCP answers a machine from a stock image: cloud-init writes the address for networkd.
  networking = {
    useNetworkd = true;
    useDHCP = lib.mkForce false;
    dhcpcd.enable = false;
  };
  systemd.network.wait-online = {
    anyInterface = true;
    timeout = 60;
  };
  services.cloud-init = {
    enable = true;
    network.enable = true;
    settings = {
      datasource_list = [
        "ConfigDrive"
        "DigitalOcean"
      ];
      preserve_hostname = true;
      ssh_deletekeys = false;
      cloud_init_modules = [
        "seed_random"
        "growpart"
        "resizefs"
      ];
      cloud_config_modules = [ ];
      cloud_final_modules = [ "final_message" ];
    };
  };

  swapDevices = [
    {
      device = "/var/lib/swapfile";
      size = 2048;
      priority = 1;
    }
  ];
}
