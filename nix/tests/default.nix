# Tests on virtual machines. Containers would not do: they cannot show what the sandbox of a process refuses.
{ inputs, pkgs }:
let
  run =
    file:
    pkgs.testers.runNixOSTest {
      imports = [
        ./common.nix
        file
      ];
      _module.args = { inherit inputs; };
    };
in
{
  vm-boot = run ./boot.nix;
  vm-layout = run ./layout.nix;
  vm-exchange = run ./exchange.nix;
  vm-failures = run ./failures.nix;
  vm-deployment = run ./deployment.nix;
  vm-backup = run ./backup.nix;
  vm-firewall = run ./firewall.nix;
}
