# What a machine with the desk is made of, as data: units and who wants them, users, folders, and the derivations whose
# content all that refers to. A function of the mode and of the droplet's `extendModules`; the machine has neither nginx nor
# SSH, which are not ours. In mode twin the simulated exchange is beside the desk; otherwise another one stands in for the
# exchange elsewhere: the desk trades on it in mode demo, and on its mirror in mode paper.
mode: extendModules:
let
  # The machine of the default mode has the default database.
  database = if mode == "twin" then "rec" else "rec_${mode}";
  elsewhere = "/var/lib/exchange";
  ofElsewhere = scope: {
    keyFile = "${elsewhere}/credentials/twin/${scope}.pem";
    idFile = "${elsewhere}/credentials/twin/${scope}.id";
  };
  address = {
    rest_url = "http://127.0.0.1:9090/trade-api/v2";
    ws_url = "ws://127.0.0.1:9090/trade-api/ws/v2";
  };
  spot = {
    rest_url = "http://127.0.0.1:9091";
    ws_url = "ws://127.0.0.1:9091";
  };

  common =
    { lib, ... }:
    {
      services."rec" = {
        settings = {
          mode = lib.mkForce mode;
          database.name = database;
          # Eager, so that it trades within minutes of any time of the hour.
          automation = {
            auto_entry = true;
            min_probability_percent = 51;
            min_differential_points = -10.0;
            max_time_seconds = 3600;
            min_volume = "1";
            spike_alert_enabled = false;
          };
        };
        page = {
          hostName = lib.mkForce null;
          acmeEmail = lib.mkForce null;
        };
        backup.offsite = lib.mkForce null;
        arming.totpSecretFile = lib.mkForce (if mode == "demo" then "/etc/rec-secrets/totp" else null);
        heartbeat.urlFile = lib.mkForce (if mode == "demo" then "/etc/rec-secrets/heartbeat-url" else null);
      };
    };
  ofMode = {
    twin = { };
    paper =
      { lib, ... }:
      {
        imports = [ exchangeElsewhere ];
        services."rec" = {
          settings = {
            inherit spot;
            exchange.prod = address;
          };
          credentials.mirror = lib.mapAttrs (_: lib.mkForce) (ofElsewhere "read");
        };
      };
    demo =
      { lib, ... }:
      {
        imports = [ exchangeElsewhere ];
        services."rec" = {
          settings = {
            inherit spot;
            exchange = address;
          };
          credentials = lib.genAttrs [ "read" "write" "guard" ] (
            scope: lib.mapAttrs (_: lib.mkForce) (ofElsewhere scope)
          );
        };
      };
  };
  exchangeElsewhere =
    { config, ... }:
    let
      first = [
        "rec-prepare.service"
        "rec-guard.service"
        "rec-twin.service"
      ];
    in
    {
      systemd.services.rec-elsewhere = {
        description = "An exchange that is elsewhere";
        requiredBy = first;
        before = first;
        path = [
          config.services."rec".packages."rec"
          config.systemd.package
        ];
        script = ''
          begin=--fresh
          [ ! -f ${elsewhere}/twin/twin-journal.jsonl ] || begin=--resume
          rec twin "$begin" --now --state-dir ${elsewhere} --set twin.port=9090 --set twin.spot_port=9091 |
            while read -r word _; do
              [ "$word" != desk ] || systemd-notify --ready
            done
        '';
        serviceConfig = {
          Type = "notify";
          NotifyAccess = "all";
          Restart = "always";
          StateDirectory = "exchange";
        };
      };
    };

  machine = extendModules {
    modules = [
      common
      ofMode.${mode}
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
    inherit database;
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
