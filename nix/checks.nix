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
    nativeBuildInputs = [ pkgs.cmake ];
    dontUseCmakeConfigure = true;
    env.SQLX_OFFLINE = "true";
  };
  cargoArtifacts = crane.lib.buildDepsOnly (
    common
    // {
      src = workspace.manifests;
      cargoExtraArgs = "--locked --workspace --all-features";
    }
  );
  built = common // {
    inherit cargoArtifacts;
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
      cargoNextestExtraArgs = "--workspace";
      nativeBuildInputs = common.nativeBuildInputs ++ [
        pkgs.git
        pkgs.nats-server
        pkgs.postgresql_18
        pkgs.python3
      ];
      # A sandbox has no home.
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
