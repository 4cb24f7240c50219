# `nix develop`: what changes and runs the project.
{
  pkgs,
  crane,
  checks,
}:
crane.lib.devShell {
  # The VM tests and the droplet would be evaluated for every shell.
  checks = removeAttrs checks [
    "advisories"
    "deny"
  ];
  packages = with pkgs; [
    age
    cargo-deny
    cargo-nextest
    chromium
    nats-server
    nixos-anywhere
    nixos-rebuild-ng
    postgresql_18
    shellcheck
    sops
    sqlx-cli
    ssh-to-age
  ];
}
