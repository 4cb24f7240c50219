# No path, address or user of any machine in a tracked file: the lint asks git which those are.
{
  inputs,
  pkgs,
  rust,
}:
pkgs.runCommand "rec-portability" { nativeBuildInputs = [ pkgs.git ]; } ''
  cp --recursive --no-preserve=mode ${inputs.self} checkout
  cd checkout
  git init --quiet
  git add --all --force
  HOME=$TMPDIR ${pkgs.lib.getExe rust.command} lint portability | tee $out
''
