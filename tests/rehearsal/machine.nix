# What a machine with the desk is made of, as data: units and who wants them, users, folders, and the derivations whose
# content all that refers to. A function of the droplet's `extendModules`; the machine has the simulated exchange beside
# the desk, and neither nginx nor SSH, which are not ours.
extendModules:
let
  machine = extendModules {
    modules = [
      (
        { lib, ... }:
        {
          services."rec" = {
            twin.enable = true;
            settings = {
              mode = lib.mkForce "twin";
              # Eager, so that it trades within minutes of any time of the hour.
              automation = {
                auto_entry = true;
                min_probability_percent = 60;
                max_time_seconds = 3600;
              };
            };
            page = {
              hostName = lib.mkForce null;
              acmeEmail = lib.mkForce null;
            };
            backup.offsite = lib.mkForce null;
            arming.totpSecretFile = lib.mkForce null;
            heartbeat.urlFile = lib.mkForce null;
            credentials = lib.genAttrs [ "read" "write" "guard" ] (scope: {
              keyFile = lib.mkForce "/var/lib/rec/credentials/twin/${scope}.pem";
              idFile = lib.mkForce "/var/lib/rec/credentials/twin/${scope}.id";
            });
          };
        }
      )
    ];
  };
  inherit (machine) config pkgs;
  inherit (pkgs) lib;

  ours = name: builtins.match "(rec[-.]|nats\\.|postgresql[-.]).*" name != null;
  units = lib.filterAttrs (name: unit: ours name && unit.enable) config.systemd.units;
  isOurs = user: user == "postgres" || user == "nats" || user == "rec" || lib.hasPrefix "rec-" user;
  commands = builtins.filter (
    package: package.name or "" == "rec" || lib.hasPrefix "rec-" (package.name or "")
  ) config.environment.systemPackages;

  described = {
    units = lib.mapAttrs (_: unit: {
      inherit (unit) text wantedBy requiredBy;
    }) units;
    users = lib.mapAttrs (_: user: {
      inherit (user) group home description;
    }) (lib.filterAttrs (name: _: isOurs name) config.users.users);
    groups = builtins.filter isOurs (builtins.attrNames config.users.groups);
    tmpfiles = lib.filterAttrs (
      name: _: lib.hasInfix "rec" name || lib.hasInfix "postgres" name
    ) config.systemd.tmpfiles.settings;
    configuration = "${config.services."rec".configFile}";
    commands = map (package: "${package}") commands;
  };
in
described
// {
  derivations = builtins.attrNames (builtins.getContext (builtins.toJSON described));
}
