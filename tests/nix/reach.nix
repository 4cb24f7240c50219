# Machines and who reaches what of them: what tests/nix/reach.py wants to know. A function of the droplet's `extendModules`.
#
# The evaluation gives the ruleset and the desk's own ports; who is expected to reach which port is written here.
extendModules:
let
  page = [
    80
    443
  ];
  cases = [
    {
      title = "the droplet";
      open = page;
      operators = [ "198.51.100.7/32" ];
      module = { };
    }
    {
      title = "an operator with a network of IPv6";
      open = page;
      operators = [
        "198.51.100.7/32"
        "2001:db8:7::/64"
      ];
      module.services."rec".firewall.operators = [ "2001:db8:7::/64" ];
    }
    {
      title = "no name for the page";
      open = [ ];
      operators = [ "198.51.100.7/32" ];
      module =
        { lib, ... }:
        {
          services."rec".page.hostName = lib.mkForce null;
        };
    }
  ];
  describe =
    {
      title,
      open,
      operators,
      module,
    }:
    let
      inherit (extendModules { modules = [ module ]; }) config;
      inherit (config.networking.nftables) tables;
    in
    {
      inherit title open operators;
      ssh = 22;
      desk = builtins.attrValues config.services."rec".settings.net.ports ++ [
        config.services.nats.port
      ];
      # The desk's processes, and what calls the page.
      callers = builtins.filter (user: builtins.match "root|rec(-.*)?|nginx" user != null) (
        builtins.attrNames config.users.users
      );
      ruleset = builtins.concatStringsSep "\n" (
        map (name: "table ${tables.${name}.family} ${name} {\n${tables.${name}.content}\n}") (
          builtins.attrNames tables
        )
      );
    };
in
map describe cases
