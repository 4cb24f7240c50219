# Secrets of the droplet, encrypted in the repository for its own SSH host key, decrypted into memory when it starts.
{ config, ... }:
let
  path = name: config.sops.secrets.${name}.path;
in
{
  sops = {
    # Made by docs/DEPLOY_DO.md. A secret that it lacks stops the build.
    defaultSopsFile = ./secrets.yaml;
    age.sshKeyPaths = [ "/etc/ssh/ssh_host_ed25519_key" ];
    gnupg.sshKeyPaths = [ ];
    secrets = {
      kalshi-read-key = { };
      kalshi-read-id = { };
      kalshi-write-key = { };
      kalshi-write-id = { };
      kalshi-guard-key = { };
      kalshi-guard-id = { };
      rec-totp = { };
      rec-heartbeat-url = { };
      restic-password = { };
      restic-environment = { };
    };
  };

  services."rec" = {
    credentials = {
      read = {
        keyFile = path "kalshi-read-key";
        idFile = path "kalshi-read-id";
      };
      write = {
        keyFile = path "kalshi-write-key";
        idFile = path "kalshi-write-id";
      };
      guard = {
        keyFile = path "kalshi-guard-key";
        idFile = path "kalshi-guard-id";
      };
    };
    arming.totpSecretFile = path "rec-totp";
    heartbeat.urlFile = path "rec-heartbeat-url";
    backup.offsite = {
      repository = "s3:https://fra1.digitaloceanspaces.com/REPLACE-bucket/rec";
      passwordFile = path "restic-password";
      environmentFile = path "restic-environment";
    };
  };
}
