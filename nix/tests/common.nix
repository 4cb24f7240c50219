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
      # Eager, so that it trades within minutes of any time of the hour.
      settings.automation = {
        auto_entry = true;
        min_probability_percent = 51;
        min_differential_points = -10.0;
        max_time_seconds = 3600;
        min_volume = "1";
        spike_alert_enabled = false;
      };
    };
  };
}
