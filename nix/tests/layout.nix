# One process for each service is as healthy as the default six.
{
  name = "rec-layout";
  nodes.desk.services."rec".layout = "services";
  testScript = ''
    desk.wait_for_unit("rec.target")
    desk.wait_until_succeeds("rec status", timeout=180)
    running = desk.succeed("systemctl list-units --state=running --plain --no-legend 'rec-*.service'").splitlines()
    # Thirteen services, and the simulated exchange.
    assert len(running) == 14, running
  '';
}
