# What the flake offers for one system: packages, apps, shell, formatter, checks.
{ inputs, system }:
let
  pkgs = inputs.nixpkgs.legacyPackages.${system};
  inherit (pkgs) lib;
  crane = import ./crane.nix { inherit inputs pkgs; };
  workspace = import ./workspace.nix { inherit lib; };
  rust = import ./packages.nix { inherit pkgs crane workspace; };
  treefmt = import ./format.nix { inherit inputs pkgs; };
  cargoChecks = import ./checks.nix { inherit inputs pkgs crane; };
in
{
  inherit (rust) packages;
  apps = import ./apps { inherit pkgs rust; };
  formatter = treefmt.config.build.wrapper;
  shell = import ./shell.nix {
    inherit pkgs crane;
    checks = cargoChecks;
  };
  checks =
    cargoChecks
    // rust.packages
    // import ./examples.nix { inherit pkgs rust; }
    // {
      formatting = treefmt.config.build.check inputs.self;
      portability = import ./portability.nix { inherit inputs pkgs rust; };
    }
    // lib.optionalAttrs (system == "x86_64-linux") (
      import ./tests { inherit inputs pkgs; }
      // {
        droplet = inputs.self.nixosConfigurations.droplet.config.system.build.toplevel;
      }
    );
}
