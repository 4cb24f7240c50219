# The page: its socket, and nginx with TLS in front of it.
{ config, lib, ... }:
let
  cfg = config.services."rec";
  port = toString cfg.settings.net.ports.main-app;
  public = cfg.page.hostName != null;
in
{
  config = lib.mkIf (cfg.enable && cfg.services.main-app.enable) (
    lib.mkMerge [
      (lib.mkIf cfg.page.socketActivation {
        systemd.sockets.${if cfg.layout == "services" then "rec-main-app" else "rec-web"} = {
          description = "Socket of REC's page";
          wantedBy = [
            "rec.target"
            "sockets.target"
          ];
          # With the desk stopped no browser starts the page again.
          partOf = [ "rec.target" ];
          listenStreams = [ "127.0.0.1:${port}" ];
          socketConfig.Backlog = 1024;
        };
      })
      (lib.mkIf public {
        security.acme = {
          acceptTerms = true;
          defaults.email = cfg.page.acmeEmail;
        };
        services.nginx = {
          enable = true;
          recommendedGzipSettings = true;
          recommendedOptimisation = true;
          recommendedProxySettings = true;
          recommendedTlsSettings = true;
          serverTokens = false;
          # Guessing passwords from one address is slowed before it reaches the page.
          appendHttpConfig = ''
            limit_req_zone $binary_remote_addr zone=rec_login:1m rate=20r/m;
          '';
          virtualHosts.${cfg.page.hostName} = {
            enableACME = true;
            forceSSL = true;
            locations = {
              "/" = {
                proxyPass = "http://127.0.0.1:${port}";
                extraConfig = ''
                  # The page's stream of events never ends.
                  proxy_buffering off;
                  proxy_read_timeout 1h;
                  client_max_body_size 256k;
                '';
              };
              "= /login" = {
                proxyPass = "http://127.0.0.1:${port}";
                extraConfig = ''
                  limit_req zone=rec_login burst=10 nodelay;
                  client_max_body_size 16k;
                '';
              };
              # For the machine's own checks.
              "= /health".return = "404";
            };
          };
        };
        # The rest of what it is not needed for, beyond what its module refuses.
        systemd.services.nginx.serviceConfig = {
          LimitCORE = 0;
          OOMScoreAdjust = 100;
        };
      })
    ]
  );
}
