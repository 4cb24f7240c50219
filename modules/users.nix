# A user for each process, all in one group: what they share is the state folder, not each other's memory or keys.
{ config, lib, ... }:
let
  cfg = config.services."rec";
  layout = import ./layout.nix { inherit lib cfg; };
  user = description: {
    inherit description;
    isSystemUser = true;
    group = "rec";
  };
  folder = {
    user = "root";
    group = "rec";
    mode = "2770";
  };
in
{
  config = lib.mkIf cfg.enable {
    users.groups."rec" = { };
    users.users = {
      # Owns the database; migrates it and backs it up.
      "rec" = user "REC trading desk";
    }
    // lib.mapAttrs' (
      unit: entry: lib.nameValuePair entry.user (user "REC trading desk, ${unit}")
    ) layout.units;

    # Not StateDirectory=, which would give the whole folder to whichever process starts last.
    systemd.tmpfiles.settings."10-rec" =
      lib.genAttrs
        [
          cfg.settings.state_dir
          "${cfg.settings.state_dir}/journal"
          "${cfg.settings.state_dir}/recording"
          "${cfg.settings.state_dir}/model"
        ]
        (_: {
          d = folder;
        });
  };
}
