# `nix run .#demo`, `.#install`, `.#deploy`.
{ pkgs, rust }:
let
  inherit (pkgs) lib;
  app = description: program: {
    type = "app";
    inherit program;
    meta = { inherit description; };
  };
  # Shell scripts are checked by shellcheck when they are built.
  script =
    name: description: runtimeInputs:
    app description (
      lib.getExe (
        pkgs.writeShellApplication {
          inherit name runtimeInputs;
          text = builtins.readFile ./${name}.sh;
        }
      )
    );
in
{
  demo = script "demo" "A whole desk against a simulated exchange, with a Postgres of its own" [
    pkgs.postgresql_18
    rust.command
  ];
  install = script "install" "Turns an empty droplet into the server that this flake describes" (
    with pkgs;
    [
      coreutils
      git
      gnugrep
      nixos-anywhere
      openssh
    ]
  );
  deploy = script "deploy" "Brings a server to this flake's state, or leaves it as it was" (
    with pkgs;
    [
      coreutils
      git
      gnugrep
      nix
      openssh
    ]
  );
}
