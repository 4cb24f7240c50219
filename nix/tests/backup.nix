# A dump, its restore into a scratch cluster, and log that is archived while the desk works.
{
  name = "rec-backup";
  testScript = ''
    desk.wait_for_unit("rec.target")
    desk.wait_until_succeeds("rec status", timeout=180)

    with subtest("without a dump the drill says so"):
        desk.fail("systemctl start rec-restore-drill")
        desk.succeed("journalctl --unit=rec-restore-drill | grep 'there is no dump'")

    with subtest("there is something to lose"):
        desk.wait_until_succeeds(
            "test $(runuser -u rec -- psql -d rec -Atc 'SELECT count(*) FROM desk.fills') -gt 0", timeout=600
        )

    with subtest("a dump is restored into a scratch cluster and known"):
        desk.succeed("systemctl start rec-backup", "systemctl start rec-restore-drill")
        desk.succeed("journalctl --unit=rec-restore-drill | grep 'restored /var/backup/rec/dump/'")
        desk.succeed("journalctl --unit=rec-restore-drill | grep 'the dump is sound'")

    with subtest("a dump takes the place of a database that is lost, with books that agree"):
        desk.succeed("systemctl stop rec.target", "systemctl start rec-backup")
        before = desk.succeed("runuser -u rec -- psql -d rec -Atc 'SELECT count(*) FROM desk.fills'")
        desk.succeed("runuser -u postgres -- dropdb rec", "systemctl restart postgresql-setup")
        desk.succeed("runuser -u rec -- rec db restore $(ls /var/backup/rec/dump/*.dump | tail -n 1)")
        desk.succeed("runuser -u rec -- rec ledger verify")
        assert before == desk.succeed("runuser -u rec -- psql -d rec -Atc 'SELECT count(*) FROM desk.fills'")
        desk.succeed("systemctl restart rec-prepare", "systemctl start rec.target")
        desk.wait_until_succeeds("rec status", timeout=180)

    with subtest("a damaged dump is noticed"):
        desk.succeed("f=$(ls /var/backup/rec/dump/*.dump | tail -1); truncate --size=-2000 $f")
        desk.fail("systemctl start rec-restore-drill")

    with subtest("log is archived and a base backup made"):
        desk.succeed("systemctl start rec-base-backup", "ls /var/backup/rec/base/*/base.tar.zst")
        desk.wait_until_succeeds("ls /var/backup/rec/wal/*.zst", timeout=120)
  '';
}
