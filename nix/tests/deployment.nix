# An upgrade starts again what changed and nothing else; going back does the same.
{ lib, ... }:
{
  name = "rec-deployment";
  nodes.desk.specialisation.changed.configuration = {
    # Only the page's process differs.
    systemd.services.rec-web.environment.REC_LOG = lib.mkForce "debug";
  };
  testScript =
    { nodes, ... }:
    ''
      built = "${nodes.desk.system.build.toplevel}"
      units = ["web", "desk", "executor", "account", "monitor", "guard"]

      def processes():
          return {unit: desk.get_unit_property(f"rec-{unit}.service", "MainPID") for unit in units}

      desk.wait_for_unit("rec.target")
      desk.wait_until_succeeds("rec status", timeout=180)
      first = processes()

      with subtest("a change of the page leaves the others alone"):
          desk.succeed(f"{built}/specialisation/changed/bin/switch-to-configuration test")
          desk.wait_until_succeeds("rec status", timeout=120)
          second = processes()
          assert first["web"] != second["web"]
          assert {u: p for u, p in first.items() if u != "web"} == {u: p for u, p in second.items() if u != "web"}

      with subtest("and so does going back"):
          desk.succeed(f"{built}/bin/switch-to-configuration test")
          desk.wait_until_succeeds("rec status", timeout=120)
          assert processes()["executor"] == first["executor"]

      with subtest("a machine that is started again starts the committed system"):
          desk.succeed(f"{built}/specialisation/changed/bin/switch-to-configuration test")
          desk.crash()
          desk.start()
          desk.wait_for_unit("rec.target")
          desk.fail("systemctl show --property=Environment rec-web | grep REC_LOG=debug")
    '';
}
