# What the processes of the desk show to each other and to the bus: made anew at each start of the machine, on no disk.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services."rec";
in
{
  config = lib.mkIf cfg.enable {
    systemd.services.rec-secrets = {
      description = "Token and password between the processes of REC";
      before = [ "nats.service" ];
      requiredBy = [ "nats.service" ];
      # Whoever has the old ones must not be left with them.
      restartIfChanged = false;
      enableStrictShellChecks = true;
      path = [ pkgs.coreutils ];
      script = ''
        cd "$RUNTIME_DIRECTORY"
        secret() { head -c 32 /dev/urandom | base64 | tr -dc 'A-Za-z0-9'; }
        [ -s service-token ] || secret >service-token
        [ -s nats-password ] || secret >nats-password
        {
          echo 'listen: "127.0.0.1:${toString config.services.nats.port}"'
          echo 'server_name: rec'
          echo "authorization { user: rec, password: \"$(cat nats-password)\" }"
        } >nats.conf
      '';
      serviceConfig = import ./hardening.nix { inherit lib; } // {
        Type = "oneshot";
        RemainAfterExit = true;
        RuntimeDirectory = "rec-secrets";
        RuntimeDirectoryMode = "0700";
        UMask = "0077";
        PrivateNetwork = true;
        RestrictAddressFamilies = "none";
      };
    };
  };
}
