# The desk trades with an exchange on another machine, and goes on by itself after the way to it was cut.
{ begin, ... }:
{
  name = "rec-exchange";
  imports = [ ./elsewhere.nix ];
  testScript = begin + ''
    with subtest("prices, books and strikes come in"):
        desk.wait_until_succeeds(
            "test $(runuser -u rec -- psql -d rec -Atc 'SELECT count(*) FROM market.ticks') -gt 10", timeout=120
        )

    with subtest("it trades"):
        desk.wait_until_succeeds(
            "test $(runuser -u rec -- psql -d rec -Atc 'SELECT count(*) FROM desk.fills') -gt 0", timeout=600
        )
        desk.succeed("runuser -u rec -- rec ledger verify")

    with subtest("the way to the exchange is cut"):
        exchange.block()
        desk.wait_until_fails("rec status", timeout=120)
        before = ask("SELECT count(*) FROM desk.orders")
        exchange.unblock()
        desk.wait_until_succeeds("rec status", timeout=180)
        assert int(ask("SELECT count(*) FROM desk.orders WHERE state = 'unknown'")) == 0
        assert int(ask("SELECT count(*) FROM desk.orders")) >= int(before)
        desk.succeed("runuser -u rec -- rec ledger verify")
  '';
}
