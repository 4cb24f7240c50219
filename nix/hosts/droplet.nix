# The server. What is yours stands in operator.nix; docs/DEPLOY_DO.md says what to put there.
{ lib, ... }:
let
  operator = import ./operator.nix;
in
{
  imports = [
    ./digitalocean.nix
    ./disk.nix
    ./secrets.nix
  ];

  nixpkgs.hostPlatform = "x86_64-linux";
  system.stateVersion = "26.05";
  networking.hostName = "rec";

  services."rec" = {
    enable = true;
    settings.mode = operator.mode;
    page = {
      inherit (operator) hostName acmeEmail;
    };
    firewall.operators = operator.addresses;
  };

  services.openssh = {
    enable = true;
    # One key, which also decrypts the secrets.
    hostKeys = [
      {
        path = "/etc/ssh/ssh_host_ed25519_key";
        type = "ed25519";
      }
    ];
    authorizedKeysFiles = lib.mkForce [ "/etc/ssh/authorized_keys.d/%u" ];
    settings = {
      PasswordAuthentication = false;
      KbdInteractiveAuthentication = false;
      PermitRootLogin = "prohibit-password";
      X11Forwarding = false;
    };
  };
  users.mutableUsers = false;
  users.users.root.openssh.authorizedKeys.keys = operator.sshKeys;
  services.userborn.enable = true;

  boot.kernel.sysctl = {
    "kernel.dmesg_restrict" = 1;
    "kernel.kptr_restrict" = 2;
    "kernel.unprivileged_bpf_disabled" = 1;
    "net.core.default_qdisc" = "fq";
    "net.ipv4.tcp_congestion_control" = "bbr";
  };

  documentation.enable = false;
  nix = {
    channel.enable = false;
    settings = {
      experimental-features = [
        "nix-command"
        "flakes"
      ];
      min-free = 512 * 1024 * 1024;
      max-free = 3 * 1024 * 1024 * 1024;
    };
    gc = {
      automatic = true;
      dates = "weekly";
      options = "--delete-older-than 30d";
    };
    daemonCPUSchedPolicy = "batch";
    daemonIOSchedClass = "idle";
  };
  system.autoUpgrade.enable = false;
}
