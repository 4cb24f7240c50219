# What the operator types on the machine.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services."rec";
  layout = import ./layout.nix { inherit lib cfg; };
  # Every secret by the name that the configuration has for it. Root may read them all; nobody else gets in.
  secrets = "/run/rec-operator";

  # `rec` as the desk is configured here. What needs the database runs as its owner: `runuser -u rec -- rec password`;
  # what needs a key or the second factor (doctor, arm, kill, flatten) runs as root.
  command = pkgs.writeShellApplication {
    name = "rec";
    text = ''
      # The guard answers at a socket of whoever asks, which its group has to be able to write to.
      umask 007
      export REC_CONFIG=''${REC_CONFIG:-${cfg.configFile}}
      export CREDENTIALS_DIRECTORY=''${CREDENTIALS_DIRECTORY:-${secrets}}
      ${lib.optionalString (cfg.twin.clockFile != null) ''
        # The market time of the simulated exchange.
        if [ -r ${cfg.twin.clockFile} ]; then
          set -a
          # shellcheck disable=SC1091
          . ${cfg.twin.clockFile}
          set +a
        fi
      ''}
      exec ${lib.getExe' cfg.packages."rec" "rec"} "$@"
    '';
  };

  # How many orders may still fill; exit code 3 when there are some. A deployment asks it before it starts anything again.
  workingOrders = pkgs.writeShellApplication {
    name = "rec-working-orders";
    text = ''
      exec runuser -u rec -- ${lib.getExe command} db working-orders
    '';
  };
in
{
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [
      command
      workingOrders
    ];
    systemd.tmpfiles.settings."10-rec-operator" = {
      ${secrets}.d = {
        user = "root";
        group = "root";
        mode = "0700";
      };
    }
    // lib.mapAttrs' (name: file: lib.nameValuePair "${secrets}/${name}" { "L+".argument = file; }) (
      layout.secrets
      // lib.genAttrs [ "service-token" "nats-password" ] (name: "/run/rec-secrets/${name}")
    );
  };
}
