# Whatever is killed comes back by itself; power may fail at any time.
{
  name = "rec-failures";
  testScript = ''
    desk.wait_for_unit("rec.target")
    desk.wait_until_succeeds("rec status", timeout=180)

    with subtest("kill -9 of each process"):
        for unit in ["rec-web", "rec-desk", "rec-executor", "rec-account", "rec-monitor", "rec-guard", "nats", "postgresql"]:
            pid = desk.get_unit_property(f"{unit}.service", "MainPID")
            desk.succeed(f"kill -9 {pid}")
            desk.wait_until_succeeds(
                f"test $(systemctl show --property=MainPID --value {unit}) -ne {pid}"
                f" && systemctl is-active {unit}",
                timeout=60,
            )
            desk.wait_until_succeeds("rec status", timeout=120)

    with subtest("a process that stands still is started again by its watchdog"):
        pid = desk.get_unit_property("rec-desk.service", "MainPID")
        desk.succeed(f"kill -STOP {pid}")
        desk.wait_until_succeeds(
            f"test $(systemctl show --property=MainPID --value rec-desk) -ne {pid}", timeout=60
        )
        desk.wait_until_succeeds("rec status", timeout=120)

    with subtest("power fails"):
        desk.crash()
        desk.start()
        desk.wait_for_unit("rec.target")
        desk.wait_until_succeeds("rec status", timeout=180)
        assert desk.succeed(
            "runuser -u rec -- psql -d rec -Atc \"SELECT count(*) FROM desk.orders WHERE state = 'unknown'\""
        ).strip() == "0"
  '';
}
