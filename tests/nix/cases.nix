# Mistakes that an operator could make on the droplet, each with a word of the assertion that has to stop it, or of the
# warning that has to be given.
#
# A function of the droplet's `extendModules`; gives the cases of which nothing was said, and the modes of which something
# was.
extendModules:
let
  mistakes = [
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
      word = "processes which only read could trade";
      module =
        { config, lib, ... }:
        {
          services."rec".credentials.read.keyFile =
            lib.mkForce
              config.services."rec".credentials.write.keyFile;
        };
    }
    {
      word = "nobody would stop";
      module = {
        services."rec".services.guard.enable = false;
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
  # What is risky and may be meant, with a word of its warning.
  risks = [
    {
      word = "its backups stay on this machine";
      module =
        { lib, ... }:
        {
          services."rec" = {
            settings.mode = lib.mkForce "prod";
            backup.offsite = lib.mkForce null;
          };
        };
    }
    {
      word = "has no heartbeat";
      module =
        { lib, ... }:
        {
          services."rec".heartbeat.urlFile = lib.mkForce null;
        };
    }
  ];
  machine = module: (extendModules { modules = [ module ]; }).config;
  refusals =
    config:
    map (assertion: assertion.message) (
      builtins.filter (assertion: !assertion.assertion) config.assertions
    );
  warnings = config: config.warnings;
  contains = word: text: builtins.length (builtins.split word text) > 1;
  missed =
    words: cases:
    map (case: case.word) (
      builtins.filter (case: !builtins.any (contains case.word) (words (machine case.module))) cases
    );
  # Of a mode as it is meant nothing is said.
  spokenOf =
    mode:
    let
      config = machine (
        { lib, ... }:
        {
          services."rec".settings.mode = lib.mkForce mode;
        }
      );
    in
    refusals config != [ ] || builtins.any (contains "services.\"rec\"") (warnings config);
in
missed refusals mistakes
++ missed warnings risks
++ builtins.filter spokenOf [
  "twin"
  "paper"
  "demo"
  "prod"
]
