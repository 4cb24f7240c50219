# Postgres on a unix socket only. Each process is known by its system user and may take its services' roles, no other.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services."rec";
  layout = import ./layout.nix { inherit lib cfg; };
  withDatabase = builtins.filter (unit: unit.needsDatabase) (builtins.attrValues layout.units);
in
{
  config = lib.mkIf cfg.enable {
    services.postgresql = {
      enable = true;
      # Above the option's default, below what a host says.
      package = lib.mkOverride 900 pkgs.postgresql_18;
      ensureDatabases = [ cfg.settings.database.name ];
      ensureUsers = [
        {
          # The owner of every database of the desk. Migrations make the services' roles.
          name = "rec";
          ensureClauses.createrole = true;
        }
      ]
      ++ map (unit: { name = unit.user; }) withDatabase;
      authentication = lib.mkForce ''
        local all         postgres peer map=postgres
        local replication postgres peer map=postgres
        local all         all      peer
      '';
      settings = {
        listen_addresses = lib.mkForce "";
        # Whoever makes a role may take it and grant it.
        createrole_self_grant = "set, inherit";
        max_connections = lib.mkDefault 60;
        shared_buffers = lib.mkDefault "256MB";
        effective_cache_size = lib.mkDefault "768MB";
        work_mem = lib.mkDefault "8MB";
        maintenance_work_mem = lib.mkDefault "64MB";
        wal_compression = lib.mkDefault "zstd";
        max_wal_size = lib.mkDefault "1GB";
        random_page_cost = lib.mkDefault 1.1;
        log_min_duration_statement = lib.mkDefault "250ms";
        log_lock_waits = lib.mkDefault true;
      };
    };
    systemd.services.postgresql-setup.script = lib.mkAfter ''
      psql -tAc 'ALTER DATABASE "${cfg.settings.database.name}" OWNER TO "rec"'
    '';
    systemd.services.postgresql.serviceConfig = {
      OOMScoreAdjust = -850;
      LimitCORE = 0;
    };
  };
}
