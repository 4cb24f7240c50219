# Which processes there are: services.toml, cut as the options say; and the secrets of the machine. A function of the
# options, not a module.
{ lib, cfg }:
let
  inherit (lib.importTOML ../services.toml) services;
  unitOf = service: if cfg.layout == "services" then service else services.${service}.unit;
  # Whether an address elsewhere is asked for each minute.
  beats = cfg.heartbeat.urlFile != null || cfg.settings ? monitor.heartbeat_url;
  enabled = builtins.filter (service: cfg.services.${service}.enable) (builtins.attrNames services);

  describe =
    unit: members:
    let
      entries = map (service: services.${service}) members;
      needs = lib.unique (lib.concatMap (entry: entry.needs) entries);
      needed = map unitOf (builtins.filter (need: services ? ${need}) needs);
    in
    {
      inherit unit members;
      name = "rec-${unit}";
      # A user's name has 31 characters at the most.
      user = builtins.substring 0 31 "rec-${unit}";
      # A process with one service is that service's program.
      program = "rec-${if builtins.length members == 1 then builtins.head members else unit}";
      package = cfg.packages.${unit};
      description = "REC ${unit}: ${lib.concatStringsSep ", " members}";
      # As which of the default units the machine treats it: for memory and the order of its end.
      kind = (builtins.head entries).unit;
      credentials = lib.remove "none" (lib.unique (map (entry: entry.credential) entries));
      ports = map (service: cfg.settings.net.ports.${service}) (
        builtins.filter (service: services.${service} ? port) members
      );
      roles = map (service: "rec_${lib.replaceStrings [ "-" ] [ "_" ] service}") (
        builtins.filter (service: builtins.elem "postgres" services.${service}.needs) members
      );
      needsDatabase = builtins.elem "postgres" needs;
      needsBus = builtins.elem "bus" needs;
      # Dials other machines.
      goesOut =
        builtins.elem "exchange" needs
        || builtins.elem "spot" needs
        || builtins.elem "system-monitor" members && beats;
      after = lib.remove "rec-${unit}" (map (other: "rec-${other}") (lib.unique needed));
    };
in
{
  inherit services beats;
  # Files that only root reads, by the names under which they are handed over.
  secrets = lib.filterAttrs (_: file: file != null) (
    {
      totp = cfg.arming.totpSecretFile;
      heartbeat-url = cfg.heartbeat.urlFile;
    }
    // lib.concatMapAttrs (scope: key: {
      "${scope}.pem" = key.keyFile;
      "${scope}.id" = key.idFile;
    }) cfg.credentials
  );
  units = lib.mapAttrs describe (lib.groupBy unitOf enabled);
}
