# `nix fmt`, and the check that nothing is left to format.
{ inputs, pkgs }:
inputs.treefmt-nix.lib.evalModule pkgs {
  projectRootFile = "flake.nix";
  programs = {
    nixfmt.enable = true;
    deadnix.enable = true;
    statix.enable = true;
    shellcheck.enable = true;
    # Formatted by the pinned toolchain, with rustfmt.toml.
    rustfmt = {
      enable = true;
      edition = "2024";
      package =
        (inputs.rust-overlay.lib.mkRustBin { } pkgs).fromRustupToolchainFile
          ../rust-toolchain.toml;
    };
  };
  settings.formatter.shellcheck.includes = [
    ".ci/run"
    "crates/platform/store/prepare"
    "nix/apps/*.sh"
    "tests/*/prepare"
    "tests/*/run"
    "tests/ci/*"
  ];
  settings.global.excludes = [ "*.py" ];
}
