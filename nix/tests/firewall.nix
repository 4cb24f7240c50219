# Seen from outside: the page for everybody, SSH for the operator, nothing else.
{ lib, ... }:
{
  name = "rec-firewall";
  nodes = {
    desk =
      { nodes, ... }:
      {
        services.openssh.enable = true;
        services."rec" = {
          page = {
            hostName = "desk.example.org";
            acmeEmail = "operator@example.org";
          };
          firewall.operators = [ "${nodes.operator.networking.primaryIPAddress}/32" ];
        };
        # No authority is reached from here: nginx begins with a certificate of its own.
        security.acme.defaults.server = lib.mkForce "https://localhost:9/directory";
      };
    operator = { };
    stranger = { };
  };
  testScript =
    { nodes, ... }:
    let
      inherit (nodes.desk.services."rec".settings.net) ports;
    in
    ''
      start_all()
      desk.wait_for_unit("rec.target")
      desk.wait_for_open_port(443)
      desk.wait_until_succeeds("rec status", timeout=180)
      address = "${nodes.desk.networking.primaryIPAddress}"
      inner = [${lib.concatMapStringsSep ", " toString (builtins.attrValues ports)}, 4222, 5432, 8090]

      with subtest("a stranger reaches the page only"):
          for port in (80, 443):
              stranger.succeed(f"nc -z -w 5 {address} {port}")
          for port in [22, *inner]:
              stranger.fail(f"nc -z -w 5 {address} {port}")

      with subtest("the operator reaches SSH too"):
          operator.succeed(f"nc -z -w 5 {address} 22")
          for port in inner:
              operator.fail(f"nc -z -w 5 {address} {port}")

      with subtest("on the machine itself nobody but the desk calls the desk"):
          desk.succeed("curl --fail --silent --max-time 5 http://127.0.0.1:${toString ports.trade-manager}/health")
          desk.fail(
              "runuser -u nobody -- curl --silent --max-time 5 http://127.0.0.1:${toString ports.trade-manager}/health"
          )
    '';
}
