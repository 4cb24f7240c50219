# Builds Rust with the very compiler that rust-toolchain.toml names for everybody else.
{ inputs, pkgs }:
let
  toolchain =
    p: (inputs.rust-overlay.lib.mkRustBin { } p).fromRustupToolchainFile ../rust-toolchain.toml;
  lib' = (inputs.crane.mkLib pkgs).overrideToolchain toolchain;
in
{
  lib = lib';
  toolchain = toolchain pkgs;
  # One set of downloaded packages for everything.
  vendored = lib'.vendorCargoDeps { cargoLock = ../Cargo.lock; };
}
