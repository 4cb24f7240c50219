# What the operator types on the machine.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services."rec";

  # `rec` as the desk is configured here. What needs the database runs as its owner: `runuser -u rec -- rec password`.
  command = pkgs.writeShellApplication {
    name = "rec";
    text = ''
      # The guard answers at a socket of whoever asks, which its group has to be able to write to.
      umask 007
      export REC_CONFIG=''${REC_CONFIG:-${cfg.configFile}}
      export CREDENTIALS_DIRECTORY=''${CREDENTIALS_DIRECTORY:-/run/rec-secrets}
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
  };
}
