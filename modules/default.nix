# The desk as services of a NixOS machine: `services."rec"`. One file a concern.
{
  imports = [
    ./assertions.nix
    ./backup.nix
    ./bus.nix
    ./commands.nix
    ./configuration.nix
    ./database.nix
    ./firewall.nix
    ./journal.nix
    ./memory.nix
    ./options.nix
    ./page.nix
    ./prepare.nix
    ./restore-drill.nix
    ./secrets.nix
    ./time.nix
    ./twin.nix
    ./units.nix
    ./users.nix
  ];
}
