# One package for each process of a server, and the `rec` command.
{
  pkgs,
  crane,
  workspace,
}:
let
  inherit (pkgs) lib;
  common = {
    inherit (workspace) version;
    strictDeps = true;
    cargoVendorDir = crane.vendored;
    # aws-lc builds itself from C.
    nativeBuildInputs = [ pkgs.cmake ];
    dontUseCmakeConfigure = true;
    env.SQLX_OFFLINE = "true";
  };

  # The packages that are not ours, built once for all units: it follows Cargo.lock and the manifests only.
  cargoArtifacts = crane.lib.buildDepsOnly (
    common
    // {
      pname = "rec-dependencies";
      src = workspace.manifests;
      cargoExtraArgs = "--locked --workspace";
      doCheck = false;
    }
  );

  # The program of the crate `name`.
  program =
    name:
    let
      source = workspace.sourceOf name;
    in
    crane.lib.buildPackage (
      common
      // {
        inherit cargoArtifacts;
        inherit (source) src;
        pname = name;
        cargoExtraArgs = "--locked --package ${name}";
        postPatch = ''
          for stub in ${lib.escapeShellArgs source.stubs}; do
            mkdir -p "$(dirname "$stub")"
            case $stub in
            */lib.rs) touch "$stub" ;;
            *) echo 'fn main() {}' >"$stub" ;;
            esac
          done
        '';
        # Tested once, in the checks, and not again for each unit.
        doCheck = false;
        meta = {
          description = "${name}, of the REC trading desk";
          mainProgram = if name == "rec-cli" then "rec" else name;
          license = with lib.licenses; [
            asl20
            mit
          ];
          platforms = lib.platforms.linux;
        };
      }
    );

  # One process a service, for the layout `services`.
  ofServices = lib.mapAttrs (service: _: program "rec-${service}") workspace.services;
  # The default processes. One with a single service is that service's program.
  ofUnits = lib.mapAttrs (
    unit: services:
    if builtins.length services == 1 then
      ofServices.${builtins.head services}
    else
      program "rec-${unit}"
  ) workspace.units;
  rec-cli = program "rec-cli";
in
{
  packages =
    ofServices
    // ofUnits
    // {
      "rec" = rec-cli;
      default = rec-cli;
    };
  command = rec-cli;
}
