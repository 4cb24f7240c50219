# The configuration file, written from the options and checked by the program itself while the machine is built.
#
# The check is a derivation of its own: units name the file, and its path must not change when only the program that checks it
# does, or a change of a page would start the whole desk again.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services."rec";
  written = (pkgs.formats.toml { }).generate "rec.toml" (
    # TOML has no null.
    lib.filterAttrsRecursive (_: value: value != null) cfg.settings
  );
in
{
  options.services."rec".configFile = lib.mkOption {
    type = lib.types.path;
    internal = true;
    readOnly = true;
    description = "The configuration file.";
  };

  config = lib.mkIf cfg.enable {
    services."rec" = {
      configFile = written;

      settings = {
        log.format = lib.mkDefault "json";
        net.service_token_file = "credential:service-token";
        database = {
          host = "/run/postgresql";
          # The owner; each process has a user of its own in its environment.
          user = "rec";
        };
        bus = {
          url = lib.mkDefault "nats://127.0.0.1:${toString config.services.nats.port}";
          user = lib.mkDefault "rec";
          password_file = lib.mkDefault "credential:nats-password";
        };
        exchange = lib.genAttrs [ "read" "write" "guard" ] (scope: {
          key_file = "credential:${scope}.pem";
          key_id_file = "credential:${scope}.id";
        });
        arming = lib.mkIf (cfg.arming.totpSecretFile != null) { totp_secret_file = "credential:totp"; };
        monitor = lib.mkIf (cfg.heartbeat.urlFile != null) {
          heartbeat_url_file = "credential:heartbeat-url";
        };
        web = lib.mkIf (cfg.page.hostName != null) { public_host = cfg.page.hostName; };
      };
    };
    # A machine whose configuration the program refuses is not built.
    system.checks = [
      (pkgs.runCommand "rec-config-check" { } ''
        export HOME=$TMPDIR
        # As in a unit: `credential:NAME` stands for a file in this folder, which is not read here.
        export CREDENTIALS_DIRECTORY=/run/credentials/rec
        ${lib.getExe' cfg.packages."rec" "rec"} config check --config ${cfg.configFile} >$out
      '')
    ];
    environment.etc."rec/config.toml".source = cfg.configFile;
  };
}
