# For tests whose exchange is another machine: that machine, the desk's way to it, and how both begin.
{ inputs, lib, ... }:
{
  nodes.exchange =
    { config, pkgs, ... }:
    let
      ports = [
        8090
        8091
      ];
      of =
        make: lib.listToAttrs (map (port: lib.nameValuePair "twin-${toString port}" (make port)) ports);
    in
    {
      networking.firewall.allowedTCPPorts = ports;
      # A twin listens on loopback only.
      systemd.sockets = of (port: {
        wantedBy = [ "sockets.target" ];
        listenStreams = [ "${config.networking.primaryIPAddress}:${toString port}" ];
        socketConfig.FreeBind = true;
      });
      systemd.services =
        of (port: {
          serviceConfig.ExecStart = "${config.systemd.package}/lib/systemd/systemd-socket-proxyd 127.0.0.1:${toString port}";
        })
        // {
          twin = {
            wantedBy = [ "multi-user.target" ];
            serviceConfig = {
              ExecStart = "${
                lib.getExe inputs.self.packages.${pkgs.stdenv.hostPlatform.system}."rec"
              } twin --state-dir /var/lib/twin";
              StateDirectory = "twin";
            };
          };
        };
    };

  nodes.desk.services."rec" = {
    twin.enable = false;
    twin.clockFile = "/var/lib/keys/clock.env";
    settings.twin.host = "exchange";
    credentials = lib.genAttrs [ "read" "write" "guard" ] (scope: {
      keyFile = "/var/lib/keys/${scope}.pem";
      idFile = "/var/lib/keys/${scope}.id";
    });
  };

  # Its keys and its market time are its own, so that the desk can only begin when it has them.
  _module.args.begin = ''
    exchange.start()
    said = exchange.wait_until_succeeds("journalctl --unit=twin --output=cat | grep '^desk ' | tail -1").split()
    desk.start()
    desk.succeed("install -d -m 0700 /var/lib/keys")
    for name in exchange.succeed("ls /var/lib/twin/credentials/twin").split():
        text = exchange.succeed(f"base64 --wrap=0 /var/lib/twin/credentials/twin/{name}")
        desk.succeed(f"echo {text} | base64 --decode >/var/lib/keys/{name}")
    for name, value in {"SPEED": said[4], "MARKET_ORIGIN": said[6], "WALL_ORIGIN": said[8]}.items():
        desk.succeed(f"echo REC_CLOCK_{name}={value} >>/var/lib/keys/clock.env")
    desk.succeed("systemctl start rec-prepare rec.target")
    desk.wait_until_succeeds("rec status", timeout=180)

    def ask(query):
        return desk.succeed(f"runuser -u rec -- psql --dbname=rec --tuples-only --no-align --command=\"{query}\"").strip()

  '';
}
