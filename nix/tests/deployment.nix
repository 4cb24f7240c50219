# An upgrade starts again what changed and nothing else; going back does the same, also over a migration.
{ begin, inputs, ... }:
{
  name = "rec-deployment";
  imports = [ ./elsewhere.nix ];
  # As a change of a template does: the page's program is another one, and so is `rec`, which holds the page too.
  nodes.desk =
    { pkgs, ... }:
    let
      built = inputs.self.packages.${pkgs.stdenv.hostPlatform.system};
      another =
        name:
        pkgs.symlinkJoin {
          name = "rec-another-${name}";
          paths = [ built.${name} ];
        };
    in
    {
      specialisation.changed.configuration.services."rec".packages = built // {
        "rec" = another "rec";
        web = another "web";
      };
    };
  testScript =
    { nodes, ... }:
    begin
    + ''
      built = "${nodes.desk.system.build.toplevel}"
      units = ["web", "desk", "executor", "account", "monitor", "guard"]

      def processes():
          return {unit: desk.get_unit_property(f"rec-{unit}.service", "MainPID") for unit in units}

      def prepared():
          return desk.get_unit_property("rec-prepare.service", "ExecMainStartTimestampMonotonic")

      first = processes()
      prepared_first = prepared()

      with subtest("a change of the page leaves the others alone"):
          desk.succeed(f"{built}/specialisation/changed/bin/switch-to-configuration test")
          desk.wait_until_succeeds("rec status", timeout=120)
          second = processes()
          assert first["web"] != second["web"]
          assert {u: p for u, p in first.items() if u != "web"} == {u: p for u, p in second.items() if u != "web"}
          assert prepared() != prepared_first

      with subtest("and so does going back, over a migration that yesterday's programs bear"):
          newest = int(ask("SELECT max(version) FROM _sqlx_migrations"))
          ask(
              "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)"
              f" VALUES ({newest + 1}, 'of tomorrow', true, 'of tomorrow', 0)"
          )
          ask(f"COMMENT ON TABLE _sqlx_migrations IS '{newest + 1}, borne since {newest}'")
          desk.succeed(f"{built}/bin/switch-to-configuration test")
          desk.wait_until_succeeds("rec status", timeout=120)
          third = processes()
          assert second["web"] != third["web"]
          assert third["executor"] == first["executor"]

      with subtest("a machine that is started again starts the committed system"):
          desk.succeed(f"{built}/specialisation/changed/bin/switch-to-configuration test")
          desk.crash()
          desk.start()
          desk.wait_for_unit("rec.target")
          desk.fail("systemctl cat rec-web | grep rec-another-web")
          desk.wait_until_succeeds("rec status", timeout=180)
    '';
}
