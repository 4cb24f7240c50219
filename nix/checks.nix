# What `nix flake check` builds of the Rust sources.
{
  inputs,
  pkgs,
  crane,
}:
let
  inherit (pkgs) lib;
  workspace = import ./workspace.nix { inherit lib; };

  # Everything but pictures and what is about Nix itself. Tests read documents too.
  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.difference ../. (
      lib.fileset.unions [
        ./.
        ../modules
        ../flake.nix
        ../flake.lock
        ../statix.toml
        ../docs/pictures
        (lib.fileset.maybeMissing ../target)
      ]
    );
  };
  common = {
    inherit src;
    inherit (workspace) version;
    pname = "rec";
    strictDeps = true;
    cargoVendorDir = crane.vendored;
    # With the assertions and the overflow checks that a release lacks; the tests start a `rec` of the same profile.
    CARGO_PROFILE = "dev";
    nativeBuildInputs = [ pkgs.cmake ];
    dontUseCmakeConfigure = true;
    env.SQLX_OFFLINE = "true";
  };
  cargoArtifacts = crane.lib.buildDepsOnly (
    common
    // {
      src = workspace.manifests;
      cargoExtraArgs = "--locked --workspace";
    }
  );
  built = common // {
    inherit cargoArtifacts;
    # Nothing is built on top of a check.
    doInstallCargoArtifacts = false;
  };
in
{
  clippy = crane.lib.cargoClippy (
    built // { cargoClippyExtraArgs = "--workspace --all-targets -- --deny warnings"; }
  );

  rustfmt = crane.lib.cargoFmt { inherit (common) src pname version; };

  documentation = crane.lib.cargoDoc (
    built
    // {
      cargoDocExtraArgs = "--workspace --no-deps";
      env = common.env // {
        RUSTDOCFLAGS = "--deny warnings";
      };
    }
  );

  # The tests start a private Postgres and a NATS server of their own.
  nextest = crane.lib.cargoNextest (
    built
    // {
      cargoNextestExtraArgs = "--workspace --no-fail-fast";
      nativeBuildInputs = common.nativeBuildInputs ++ [
        # Who makes a client of TLS wants authorities, although nobody is asked; without this there are none.
        pkgs.cacert
        pkgs.git
        pkgs.nats-server
        pkgs.postgresql_18
        # `ps` and `kill`, `flock` and `setpriv`: a builder has neither.
        pkgs.procps
        pkgs.python3
        pkgs.util-linux
      ];
      # A sandbox has no home. What needs root, a checkout or the foreign client says SKIPPED.
      preCheck = ''
        export HOME=$TMPDIR
      '';
    }
  );
  doctest = crane.lib.cargoDocTest (built // { cargoTestExtraArgs = "--workspace"; });

  # Licences, sources and forbidden packages.
  deny = crane.lib.cargoDeny { inherit (common) src pname version; };
  # Known vulnerabilities, by a list that is an input of its own.
  advisories = crane.lib.cargoAudit {
    inherit (common) src pname version;
    inherit (inputs) advisory-db;
  };
}
