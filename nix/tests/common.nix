# What every VM test shares: a machine with a desk and, unless a test says otherwise, the simulated exchange beside it.
{ inputs, ... }:
{
  globalTimeout = 1800;
  defaults = {
    imports = [ inputs.self.nixosModules.default ];
    documentation.enable = false;
    virtualisation.memorySize = 2048;
    virtualisation.cores = 2;
  };
  nodes.desk = {
    services."rec" = {
      enable = true;
      settings.automation.auto_entry = true;
    };
  };
}
