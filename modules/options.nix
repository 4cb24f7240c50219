# What may be set.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    mkEnableOption
    mkOption
    types
    ;
  cfg = config.services."rec";
  layout = import ./layout.nix { inherit lib cfg; };
  simulated = builtins.elem cfg.settings.mode [
    "twin"
    "paper"
  ];
  withPort = lib.filterAttrs (_: entry: entry ? port) layout.services;

  secret =
    what: example:
    mkOption {
      type = types.nullOr types.str;
      default = null;
      inherit example;
      description = "File with ${what}, readable by root; never in the Nix store.";
    };
  key = name: of: {
    keyFile = secret "the private key ${of}" "/run/secrets/kalshi-${name}.pem";
    idFile = secret "the id of the key ${of}" "/run/secrets/kalshi-${name}.id";
  };
in
{
  options.services."rec" = {
    enable = mkEnableOption "the REC trading desk";

    packages = mkOption {
      type = types.lazyAttrsOf types.package;
      description = "The programs: `rec`, and one for each unit and service. The flake's module sets them.";
    };

    layout = mkOption {
      type = types.enum [
        "units"
        "services"
      ];
      default = "units";
      description = "`units`: the six processes of services.toml. `services`: one process for each service.";
    };

    services = mkOption {
      default = { };
      description = "The services of services.toml.";
      type = types.submodule {
        options = lib.mapAttrs (service: entry: {
          enable = mkOption {
            type = types.bool;
            default = true;
            description = "Whether ${service} runs: ${entry.description}.";
          };
        }) layout.services;
      };
    };

    settings = mkOption {
      default = { };
      description = ''
        The configuration file. config.default.toml lists every setting; `rec config check` reads the file while the
        machine is built, so that a misspelt setting stops the build and not the desk.
      '';
      type = types.submodule {
        freeformType = (pkgs.formats.toml { }).type;
        options = {
          mode = mkOption {
            type = types.enum [
              "twin"
              "paper"
              "demo"
              "prod"
            ];
            default = "twin";
            description = "What the desk trades against.";
          };
          state_dir = mkOption {
            type = types.str;
            default = "/var/lib/rec";
            description = "Where the desk keeps its journals, recordings and model.";
          };
          net.bind_host = mkOption {
            type = types.str;
            default = "127.0.0.1";
            description = "Where the services listen. Strangers reach the page through nginx only.";
          };
          net.ports = lib.mapAttrs (
            service: entry:
            mkOption {
              type = types.port;
              default = entry.port;
              description = "The port of ${service}, by default that of services.toml.";
            }
          ) withPort;
          database.name = mkOption {
            type = types.str;
            default = "rec";
            description = "The database. It belongs to one mode for good: another mode takes another name.";
          };
        };
      };
    };

    credentials = mkOption {
      default = { };
      description = "The keys of the exchange. Each reaches only the processes whose services need it.";
      type = types.submodule {
        options = {
          read = key "read" "with scope read";
          write = key "write" "with scope write::trade";
          guard = key "guard" "of the guard, with scope write::trade";
          mirror = key "mirror" "with scope read of the exchange that is mirrored in mode paper";
        };
      };
    };

    arming.totpSecretFile = secret "the second factor's secret, in base32" "/run/secrets/rec-totp";

    # Asked for each minute while all is well, so that a service elsewhere notices when it is not.
    heartbeat.urlFile = secret "the address of the heartbeat" "/run/secrets/rec-heartbeat-url";

    page = {
      hostName = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "desk.example.org";
        description = "The name under which browsers reach the page, with TLS. Without one it is reached through SSH only.";
      };
      acmeEmail = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Where the authority that signs the certificate writes before it expires.";
      };
      socketActivation = mkOption {
        type = types.bool;
        default = true;
        description = "Whether systemd holds the page's socket, so that connections wait while the page starts again.";
      };
    };

    firewall.operators = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "198.51.100.7/32" ];
      description = "The addresses from which SSH is reachable, as ADDRESS or ADDRESS/BITS, both of IPv4 and IPv6.";
    };

    twin = {
      enable = mkOption {
        type = types.bool;
        default = simulated;
        defaultText = lib.literalMD "in modes twin and paper";
        description = "Whether the desk's exchange runs beside it: a simulated one in mode twin, a mirror of the real one in mode paper.";
      };
      clockFile = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "File with the market time of a simulated exchange elsewhere: REC_CLOCK_SPEED and the two origins.";
      };
    };

    backup = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Daily dumps, continuous archiving, and a weekly restore drill.";
      };
      directory = mkOption {
        type = types.str;
        default = "/var/backup/rec";
        description = "Where dumps, base backups and archived log are kept.";
      };
      keepDays = mkOption {
        type = types.ints.between 1 365;
        default = 14;
        description = "For how many days.";
      };
      offsite = mkOption {
        default = null;
        description = "A restic repository on another machine that gets the folder every night.";
        type = types.nullOr (
          types.submodule {
            options = {
              repository = mkOption {
                type = types.str;
                example = "s3:https://fra1.digitaloceanspaces.com/desk-backups/rec";
                description = "The repository.";
              };
              passwordFile = mkOption {
                type = types.str;
                description = "File with its password.";
              };
              environmentFile = mkOption {
                type = types.nullOr types.str;
                default = null;
                description = "File with the keys of the object store, as variables.";
              };
            };
          }
        );
      };
    };
  };
}
