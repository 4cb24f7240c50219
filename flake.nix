{
  description = "REC: a self-hosted trading desk for Kalshi's crypto event contracts";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    crane.url = "github:ipetkov/crane";
    rust-overlay = {
      url = "github:oxalica/rust-overlay";
      inputs.nixpkgs.follows = "nixpkgs";
    };
    disko = {
      url = "github:nix-community/disko";
      inputs.nixpkgs.follows = "nixpkgs";
    };
    sops-nix = {
      url = "github:Mic92/sops-nix";
      inputs.nixpkgs.follows = "nixpkgs";
    };
    treefmt-nix = {
      url = "github:numtide/treefmt-nix";
      inputs.nixpkgs.follows = "nixpkgs";
    };
    advisory-db = {
      url = "github:rustsec/advisory-db";
      flake = false;
    };
  };

  outputs =
    inputs@{ self, nixpkgs, ... }:
    let
      inherit (nixpkgs) lib;
      forAllSystems = lib.genAttrs [
        "x86_64-linux"
        "aarch64-linux"
      ];
      # Everything that is made from the sources for one system.
      project = forAllSystems (system: import ./nix { inherit inputs system; });
    in
    {
      packages = lib.mapAttrs (_: p: p.packages) project;
      apps = lib.mapAttrs (_: p: p.apps) project;
      devShells = lib.mapAttrs (_: p: { default = p.shell; }) project;
      formatter = lib.mapAttrs (_: p: p.formatter) project;
      checks = lib.mapAttrs (_: p: p.checks) project;

      nixosModules.default =
        { pkgs, ... }:
        {
          imports = [ ./modules ];
          # `rec` is a word of the Nix language, hence the quotes. An overlay would do too, but a module that sets overlays cannot be used in a NixOS test.
          services."rec".packages = lib.mkDefault self.packages.${pkgs.stdenv.hostPlatform.system};
        };

      nixosConfigurations.droplet = lib.nixosSystem {
        modules = [
          self.nixosModules.default
          inputs.disko.nixosModules.disko
          inputs.sops-nix.nixosModules.sops
          ./nix/hosts/droplet.nix
        ];
      };
    };
}
