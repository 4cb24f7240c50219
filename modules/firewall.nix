# Who reaches what: SSH from the operators, the page from everywhere, the desk's own ports from the desk.
{ config, lib, ... }:
let
  cfg = config.services."rec";
  layout = import ./layout.nix { inherit lib cfg; };
  isV6 = lib.hasInfix ":";
  ssh = toString (builtins.head config.services.openssh.ports);
  rule =
    family: sources:
    lib.optionalString (
      sources != [ ]
    ) "${family} saddr { ${lib.concatStringsSep ", " sources} } tcp dport ${ssh} accept";

  ports = lib.sort builtins.lessThan (
    lib.concatMap (unit: unit.ports) (builtins.attrValues layout.units) ++ [ config.services.nats.port ]
  );
  # Postgres has no port. nginx calls the page; the desk's processes call each other.
  callers = [
    "root"
    "rec"
  ]
  ++ map (unit: unit.user) (builtins.attrValues layout.units)
  ++ lib.optional config.services.nginx.enable config.services.nginx.user;
in
{
  config = lib.mkIf cfg.enable {
    networking.nftables = {
      enable = true;
      # On loopback nobody else of this machine talks to the desk.
      tables."rec" = {
        family = "inet";
        content = ''
          chain loopback {
            type filter hook output priority filter; policy accept;
            oifname "lo" tcp dport { ${
              lib.concatMapStringsSep ", " toString ports
            } } ct state new meta skuid != { ${lib.concatStringsSep ", " callers} } reject with tcp reset
          }
        '';
      };
      # The users are not known where the ruleset is checked while the machine is built.
      preCheckRuleset = ''
        sed -i -E 's/skuid != \{[^}]*\}/skuid != 0/' ruleset.conf
      '';
    };
    networking.firewall = {
      enable = true;
      allowPing = true;
      allowedTCPPorts = lib.optionals (cfg.page.hostName != null) [
        80
        443
      ];
      extraInputRules = lib.concatLines (
        builtins.filter (text: text != "") [
          (rule "ip" (builtins.filter (source: !isV6 source) cfg.firewall.operators))
          (rule "ip6" (builtins.filter isV6 cfg.firewall.operators))
        ]
      );
    };
    # Otherwise its module opens the port to everybody.
    services.openssh.openFirewall = false;
  };
}
