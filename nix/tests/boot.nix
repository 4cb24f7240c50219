# A machine starts, every process is healthy, none can do more than it needs, and each secret reaches its process only.
{
  name = "rec-boot";
  testScript = ''
    units = ["web", "desk", "executor", "account", "monitor", "guard"]

    desk.wait_for_unit("rec.target")
    for unit in units:
        desk.wait_for_unit(f"rec-{unit}.service")
    desk.wait_until_succeeds("rec status", timeout=120)

    with subtest("no process is more exposed than it must be"):
        for unit in units:
            limit = 10 if unit == "web" else 15
            desk.succeed(f"systemd-analyze security --threshold={limit} rec-{unit}.service")

    with subtest("each secret reaches its process only"):
        has = {
            unit: desk.succeed(f"systemctl show --property=LoadCredential --value rec-{unit}").split()
            for unit in units
        }
        for unit in units:
            names = {entry.split(":")[0] for entry in has[unit]}
            assert ("write.pem" in names) == (unit == "executor"), names
            assert ("guard.pem" in names) == (unit == "guard"), names
            if unit in ("web", "monitor"):
                assert "read.pem" not in names, names
            pid = desk.get_unit_property(f"rec-{unit}.service", "MainPID")
            seen = desk.succeed(f"nsenter --mount --target {pid} find /run/credentials -type f -name '*.pem'").split()
            assert all(f"rec-{unit}.service" in path for path in seen), seen
        desk.fail("runuser -u nobody -- ls /run/rec-secrets")
        desk.fail("runuser -u rec-web -- cat /run/credentials/rec-executor.service/write.pem")

    with subtest("the database knows each process and gives it its own roles only"):
        ask = "runuser -u rec-web -- psql --dbname=rec --tuples-only --no-align --command"
        desk.succeed(f"{ask} 'SET ROLE rec_main_app'")
        desk.fail(f"{ask} 'SET ROLE rec_trade_manager'")
        desk.fail(f"{ask} 'SET ROLE rec'")
        desk.fail("psql --host=127.0.0.1 --dbname=rec")

    with subtest("no process keeps a core file, and configuration stays as it was built"):
        for unit in units:
            assert desk.get_unit_property(f"rec-{unit}.service", "LimitCORE") == "0"
        desk.succeed("test $(readlink -f /etc/rec/config.toml | cut -c 1-11) = /nix/store/")
  '';
}
