# Mistakes that an operator could make on the droplet, each with a word of the assertion that has to stop it.
#
# A function of the droplet's `extendModules`; gives the cases that were not stopped as they should, and the modes that
# were.
extendModules:
let
  cases = [
    {
      word = "in the Nix store";
      module =
        { lib, pkgs, ... }:
        {
          services."rec".credentials.write.keyFile = lib.mkForce "${pkgs.path}/key.pem";
        };
    }
    {
      word = "there is no key with scope guard";
      module =
        { lib, ... }:
        {
          services."rec".credentials.guard.keyFile = lib.mkForce null;
        };
    }
    {
      word = "name the same key";
      module =
        { config, lib, ... }:
        {
          services."rec".credentials.guard.keyFile =
            lib.mkForce
              config.services."rec".credentials.write.keyFile;
        };
    }
    {
      word = "without a second";
      module =
        { lib, ... }:
        {
          services."rec".arming.totpSecretFile = lib.mkForce null;
        };
    }
    {
      word = "without TLS";
      module =
        { lib, ... }:
        {
          services."rec".settings.net.bind_host = lib.mkForce "::";
        };
    }
    {
      word = "acmeEmail is not";
      module =
        { lib, ... }:
        {
          services."rec".page.acmeEmail = lib.mkForce null;
        };
    }
    {
      word = "nobody could log in";
      module =
        { lib, ... }:
        {
          services."rec".firewall.operators = lib.mkForce [ ];
        };
    }
    {
      word = "allows every address";
      module = {
        services."rec".firewall.operators = [ "::/0" ];
      };
    }
    {
      word = "a simulated exchange beside a desk";
      module = {
        services."rec".twin.enable = true;
      };
    }
    {
      word = "nothing reads the real exchange";
      module =
        { lib, ... }:
        {
          services."rec" = {
            settings.mode = lib.mkForce "paper";
            credentials.mirror.keyFile = lib.mkForce null;
          };
        };
    }
    {
      word = "Switch off all services of that process";
      module = {
        services."rec".services.db-poller.enable = false;
      };
    }
  ];
  said =
    module:
    map (assertion: assertion.message) (
      builtins.filter (assertion: !assertion.assertion)
        (extendModules { modules = [ module ]; }).config.assertions
    );
  contains = word: text: builtins.length (builtins.split word text) > 1;
  stopped = case: builtins.any (contains case.word) (said case.module);
  refused =
    mode:
    said (
      { lib, ... }:
      {
        services."rec".settings.mode = lib.mkForce mode;
      }
    ) != [ ];
in
map (case: case.word) (builtins.filter (case: !stopped case) cases)
++ builtins.filter refused [
  "twin"
  "paper"
  "demo"
  "prod"
]
