# Combinations that cannot be meant, each with the way out.
{ config, lib, ... }:
let
  cfg = config.services."rec";
  layout = import ./layout.nix { inherit lib cfg; };
  inherit (cfg.settings) mode;
  tradesOutside = mode == "demo" || mode == "prod";

  files =
    lib.concatMap (
      scope:
      map
        (name: {
          option = "credentials.${scope}.${name}";
          file = cfg.credentials.${scope}.${name};
        })
        [
          "keyFile"
          "idFile"
        ]
    ) (builtins.attrNames cfg.credentials)
    ++ [
      {
        option = "arming.totpSecretFile";
        file = cfg.arming.totpSecretFile;
      }
      {
        option = "heartbeat.urlFile";
        file = cfg.heartbeat.urlFile;
      }
    ]
    ++ lib.optionals (cfg.backup.offsite != null) [
      {
        option = "backup.offsite.passwordFile";
        file = cfg.backup.offsite.passwordFile;
      }
    ];
  inStore = file: file != null && lib.hasPrefix builtins.storeDir file;
  needed = lib.unique (lib.concatMap (unit: unit.credentials) (builtins.attrValues layout.units));
  isAnyone = source: lib.hasSuffix "/0" source;
in
{
  config = lib.mkIf cfg.enable {
    assertions =
      map (secret: {
        assertion = !inStore secret.file;
        message = ''
          services."rec".${secret.option} is ${toString secret.file}, which is in the Nix store, where everybody reads
          it. Give the path as text, of a file that is on the machine only, as /run/secrets/NAME from sops-nix.'';
      }) files
      ++ map (scope: {
        assertion =
          !tradesOutside
          || (cfg.credentials.${scope}.keyFile != null && cfg.credentials.${scope}.idFile != null);
        message = ''
          services."rec".settings.mode is ${mode}, and there is no key with scope ${scope}. Set
          services."rec".credentials.${scope}.keyFile and idFile, or stay in mode twin, which needs no account.'';
      }) needed
      ++ lib.mapAttrsToList (service: entry: {
        assertion =
          cfg.services.${service}.enable
          || cfg.layout == "services"
          ||
            lib.all (other: !cfg.services.${other}.enable)
              (lib.groupBy (name: layout.services.${name}.unit) (builtins.attrNames layout.services))
              .${entry.unit};
        message = ''
          services."rec".services.${service}.enable is false, but ${service} runs in the process ${entry.unit} with
          others. Switch off all services of that process, or set services."rec".layout = "services".'';
      }) layout.services
      ++ [
        {
          assertion =
            cfg.credentials.write.keyFile == null
            || cfg.credentials.write.keyFile != cfg.credentials.guard.keyFile;
          message = ''
            services."rec".credentials.guard and write name the same key. The guard stops entries when the desk is lost,
            also when the desk's key is revoked: make it a key of its own at the exchange.'';
        }
        {
          assertion =
            cfg.credentials.read.keyFile == null
            || cfg.credentials.read.keyFile != cfg.credentials.write.keyFile;
          message = ''
            services."rec".credentials.read and write name the same key, so that processes which only read could trade. Make
            one with scope read at the exchange.'';
        }
        {
          assertion = !tradesOutside || cfg.services.guard.enable;
          message = ''
            services."rec".settings.mode is ${mode}, and services."rec".services.guard.enable is false: nobody would stop
            entries when the desk is lost. Leave it on, or stay in mode twin.'';
        }
        {
          assertion = !tradesOutside || cfg.arming.totpSecretFile != null;
          message = ''
            services."rec".settings.mode is ${mode}, and services."rec".arming.totpSecretFile is not set: without a second
            factor nothing could ever be armed. `rec arm enroll` makes one.'';
        }
        {
          assertion = builtins.elem cfg.settings.net.bind_host [
            "127.0.0.1"
            "::1"
            "localhost"
          ];
          message = ''
            services."rec".settings.net.bind_host is ${cfg.settings.net.bind_host}: the page would answer the network
            without TLS, and the services without a log-in. Leave it, and set services."rec".page.hostName.'';
        }
        {
          assertion = cfg.page.hostName == null || cfg.page.acmeEmail != null;
          message = ''
            services."rec".page.hostName is set, and services."rec".page.acmeEmail is not: the authority of the
            certificate needs an address to write to.'';
        }
        {
          assertion = !config.services.openssh.enable || cfg.firewall.operators != [ ];
          message = ''
            services."rec".firewall.operators is empty, so nobody could log in to this machine. Name the addresses from
            which you do, as "198.51.100.7/32".'';
        }
        {
          assertion = !lib.any isAnyone cfg.firewall.operators;
          message = ''
            services."rec".firewall.operators allows every address. Name your own; without a fixed one, use the
            provider's console or a VPN.'';
        }
        {
          assertion = !cfg.twin.enable || mode == "twin" || mode == "paper";
          message = ''
            services."rec".twin.enable puts a simulated exchange beside a desk in mode ${mode}. Switch it off, or set
            settings.mode = "twin".'';
        }
        {
          assertion =
            !(cfg.twin.enable && mode == "paper")
            || (cfg.credentials.mirror.keyFile != null && cfg.credentials.mirror.idFile != null);
          message = ''
            services."rec".settings.mode is paper, and nothing reads the real exchange. Set
            services."rec".credentials.mirror.keyFile and idFile, of a key with scope read.'';
        }
      ];
    warnings =
      lib.optional (mode == "prod" && cfg.backup.offsite == null) ''
        services."rec" trades money, and its backups stay on this machine. Set services."rec".backup.offsite.
      ''
      ++ lib.optional (tradesOutside && !layout.beats) ''
        services."rec" has no heartbeat, so that nobody elsewhere notices when this machine is gone, and `rec arm` refuses.
        Set services."rec".heartbeat.urlFile.
      '';
  };
}
