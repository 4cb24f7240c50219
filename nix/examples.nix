# The examples that people copy are configurations that the program accepts.
{ pkgs, rust }:
let
  command = pkgs.lib.getExe rust.command;
in
{
  example-file = pkgs.runCommand "rec-example-file" { } ''
    HOME=$TMPDIR ${command} config check --config ${../config.default.toml} | tee $out
  '';
  example-variables = pkgs.runCommand "rec-example-variables" { } ''
    set -a
    . ${../.env.example}
    HOME=$TMPDIR ${command} config check | tee $out
  '';
}
