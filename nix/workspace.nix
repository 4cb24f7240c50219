# The workspace as its manifests describe it: which crate is where, what it is built from, which unit holds it.
# Everything here is read at evaluation; nothing is built for it.
{ lib }:
let
  root = ../.;
  manifest = lib.importTOML ../Cargo.toml;
  inherit ((lib.importTOML ../services.toml)) services;

  # Crates by name, each with its folder relative to the root.
  folders = lib.mapAttrs (_: dependency: dependency.path) (
    lib.filterAttrs (_: dependency: dependency ? path) manifest.workspace.dependencies
  );
  manifestOf = folder: root + "/${folder}/Cargo.toml";
  cargoToml = folder: lib.importTOML (manifestOf folder);

  # The crates of the workspace that a crate names as dependencies. Those of its tests do not count.
  direct =
    name:
    let
      toml = cargoToml folders.${name};
      named = (toml.dependencies or { }) // (toml.build-dependencies or { });
    in
    builtins.filter (dependency: folders ? ${dependency}) (builtins.attrNames named);

  # A crate and all that it is built from.
  closure =
    name:
    map (item: item.key) (
      builtins.genericClosure {
        startSet = [ { key = name; } ];
        operator = item: map (key: { inherit key; }) (direct item.key);
      }
    );

  # Files outside its folder that a crate is compiled from.
  outside = {
    rec-config = [
      ../services.toml
      ../config.default.toml
    ];
    rec-store = [ ../migrations ];
  };

  # What Cargo wants to see of a crate that is not built: an empty file for each of its targets.
  stubs =
    folder:
    let
      toml = cargoToml folder;
      test = target: target.path or "tests/${target.name}.rs";
      bench = target: target.path or "benches/${target.name}.rs";
      files =
        map (target: target.path or "src/main.rs") (toml.bin or [ ])
        ++ map test (toml.test or [ ])
        ++ map bench (toml.bench or [ ]);
    in
    map (file: "${folder}/${file}") ([ "src/lib.rs" ] ++ files);

  every = builtins.attrValues folders ++ [ "tests" ];
in
{
  inherit services;
  inherit (manifest.workspace.package) version;

  # The manifests alone, from which the packages that are not ours are built.
  manifests = lib.fileset.toSource {
    inherit root;
    fileset = lib.fileset.unions (
      [
        ../Cargo.toml
        ../Cargo.lock
        ../.cargo
      ]
      ++ map manifestOf every
    );
  };

  # The services of each unit, by the unit's name, as a server has them by default.
  units = lib.groupBy (service: services.${service}.unit) (builtins.attrNames services);

  # What `name` is built from, and nothing that it is not: a change elsewhere leaves its store path alone.
  sourceOf =
    name:
    let
      crates = closure name;
      unneeded = lib.subtractLists (map (crate: folders.${crate}) crates) every;
    in
    {
      src = lib.fileset.toSource {
        inherit root;
        fileset = lib.fileset.unions (
          [
            ../Cargo.toml
            ../Cargo.lock
            ../.cargo
          ]
          ++ map manifestOf every
          ++ map (crate: root + "/${folders.${crate}}") crates
          ++ lib.concatMap (crate: outside.${crate} or [ ]) crates
        );
      };
      stubs = lib.concatMap stubs unneeded;
    };
}
